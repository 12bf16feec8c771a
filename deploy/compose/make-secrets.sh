#!/bin/sh
# Made by: sello deploy compose. Makes certificates and passwords in the folder given (by default ./secrets), a folder for
# each reader. What exists stays; certificates are made again before they expire, and where their names change. In
# production let your own authority sign, and keep its key off this machine.
set -eu
umask 077
cd "${1:-.}"
[ "$#" -gt 0 ] || { mkdir -p secrets && cd secrets; }
mkdir -p authority server vault balancer database
DAY=86400

if [ ! -e authority/ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Sello deployment' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout authority/ca.key -out authority/ca.pem 2>/dev/null
  echo 'made a certificate authority'
fi

# FILE USE COMMON-NAME ALTERNATIVE-NAMES. Keeps one of this authority that has these names and a month to go.
certificate() {
  if [ -e "$1.cert.pem" ] && openssl x509 -in "$1.cert.pem" -noout -checkend $((30 * DAY)) >/dev/null \
    && openssl verify -CAfile authority/ca.pem "$1.cert.pem" >/dev/null 2>&1 \
    && [ "$(openssl x509 -in "$1.cert.pem" -noout -ext subjectAltName | sed -n '2s/[[:space:]]//gp')" = "$4" ]; then
    return 0
  fi
  printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=%s\n' "$2" "$4" > "$1.ext"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$1.key.pem" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA authority/ca.pem -CAkey authority/ca.key -CAcreateserial -days 365 -extfile "$1.ext" \
    -out "$1.cert.pem" 2>/dev/null
  rm "$1.csr" "$1.ext"
  echo "made the certificate $1 for $4"
}
certificate server/server serverAuth sello DNS:sello,DNS:sello-1,DNS:sello-2
certificate server/caller clientAuth sello-server DNS:sello-server
certificate vault/vault serverAuth vault DNS:vault
host=${SELLO_HOST:-localhost}
certificate balancer/balancer serverAuth "$host" "DNS:$host,DNS:balancer"
cat balancer/balancer.cert.pem balancer/balancer.key.pem > balancer/balancer.pem
for reader in server vault balancer; do cp authority/ca.pem "$reader/ca.pem"; done

# FILE: a password that is made once, for it opens what was sealed by it.
password() {
  [ -e "$1" ] || { openssl rand -hex 32 > "$1" && echo "made the password $1"; }
}
password vault/vault-passphrase
password database/database-password
cp database/database-password server/database-password

# The containers' users: Sello 10001, PostgreSQL 10002, HAProxy 99.
if [ "$(id -u)" = 0 ]; then
  chown -R 10001:10001 server vault
  chown -R 10002:10002 database
  chown -R 99:99 balancer
else
  echo 'Not root: make the files readable for the containers yourself (see this script).' >&2
fi

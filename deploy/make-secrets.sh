#!/bin/sh
# Made by: sello deploy compose. Makes ./secrets: a private certificate authority, certificates for a year, passwords.
# Existing files stay as they are. In production let your own authority sign, and keep its key off this machine.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

if [ ! -e ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Sello deployment' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout ca.key -out ca.pem 2>/dev/null
fi

# NAME USE COMMON-NAME ALTERNATIVE-NAMES
certificate() {
  [ ! -e "$1.cert.pem" ] || return 0
  printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=%s\n' "$2" "$4" > "$1.ext"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$1.key.pem" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile "$1.ext" -out "$1.cert.pem" 2>/dev/null
  rm "$1.csr" "$1.ext"
}
certificate server serverAuth sello DNS:sello,DNS:sello-1,DNS:sello-2
certificate vault serverAuth vault DNS:vault
certificate caller clientAuth sello-server DNS:sello-server
certificate balancer serverAuth "${SELLO_HOST:-localhost}" "DNS:${SELLO_HOST:-localhost}"
[ -e balancer.pem ] || cat balancer.cert.pem balancer.key.pem > balancer.pem
for secret in vault-passphrase database-password; do
  [ -e "$secret" ] || openssl rand -hex 32 > "$secret"
done

# The containers' users read the files through their groups: Sello 10001, HAProxy 99, PostgreSQL 10002.
if [ "$(id -u)" = 0 ]; then
  chgrp 10001 ca.pem server.* vault.* caller.* vault-passphrase database-password
  chmod 0640 server.* vault.* caller.* vault-passphrase database-password
  chgrp 99 balancer.pem
  chmod 0640 balancer.pem
  chmod 0644 ca.pem
  # PostgreSQL reads this one as its owner, Sello through its group.
  chown 10002 database-password
else
  echo 'Not root: make the files in ./secrets readable for the containers yourself (see this script).' >&2
fi

import type { DeploymentFile } from './deployment-file.ts';

/** Where the balancer's network is: whence the servers believe what is said of a client's address. */
export const FRONT_SUBNET = '172.28.1.0/24';

/** What servers and vault are configured by, and the script that makes their secrets. */
export function composeConfiguration(serverNames: readonly string[]): readonly DeploymentFile[] {
  return [
    { name: 'compose/server.yaml', content: SERVER },
    { name: 'compose/vault.yaml', content: VAULT },
    { name: 'make-secrets.sh', content: makeSecrets(serverNames) },
  ];
}

const SERVER = `# All servers alike. Keys: docs/configuration.md
tcp_host: 0.0.0.0
http_host: 0.0.0.0
tls_cert_file: /run/secrets/server.cert.pem
tls_key_file: /run/secrets/server.key.pem
# The balancer's network.
proxy_trusted: [${FRONT_SUBNET}]
# The balancer sees that it stops before it does.
drain_delay_ms: 1000
store_url: postgres://sello@postgres-a,postgres-b/sello?sslmode=require
store_password_file: /run/secrets/database-password
vault_url: https://vault:11003
vault_ca_file: /run/secrets/ca.pem
vault_cert_file: /run/secrets/caller.cert.pem
vault_key_file: /run/secrets/caller.key.pem
rate_limit_url: redis://redis:6379
registration_open: false
password_length_min: 12
lab_allowed: false
`;

const VAULT = `# The only process that opens the keys.
role: vault
vault_host: 0.0.0.0
vault_url: "file:"
vault_passphrase_file: /run/secrets/vault-passphrase
vault_tls_ca_file: /run/secrets/ca.pem
vault_tls_cert_file: /run/secrets/vault.cert.pem
vault_tls_key_file: /run/secrets/vault.key.pem
# By the name in their certificates.
vault_callers: [sello-server]
vault_key_managers: [sello-server]
lab_allowed: false
`;

function makeSecrets(serverNames: readonly string[]): string {
  const names = ['sello', ...serverNames].map((name) => `DNS:${name}`).join(',');
  return `#!/bin/sh
# Made by: sello deploy compose. Makes ./secrets: a certificate authority of its own, certificates for a year, passwords.
# Nothing that is there is overwritten. In production your own authority signs, and its key is not on this machine.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

if [ ! -e ca.key ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Sello deployment' \\
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \\
    -keyout ca.key -out ca.pem 2>/dev/null
fi

# NAME USE COMMON-NAME ALTERNATIVE-NAMES
certificate() {
  [ ! -e "$1.cert.pem" ] || return 0
  printf 'basicConstraints=CA:FALSE\\nkeyUsage=digitalSignature\\nextendedKeyUsage=%s\\nsubjectAltName=%s\\n' "$2" "$4" > "$1.ext"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$1.key.pem" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile "$1.ext" -out "$1.cert.pem" 2>/dev/null
  rm "$1.csr" "$1.ext"
}
certificate server serverAuth sello ${names}
certificate vault serverAuth vault DNS:vault
certificate caller clientAuth sello-server DNS:sello-server
certificate balancer serverAuth "\${SELLO_HOST:-localhost}" "DNS:\${SELLO_HOST:-localhost}"
[ -e balancer.pem ] || cat balancer.cert.pem balancer.key.pem > balancer.pem
for secret in vault-passphrase database-password; do
  [ -e "$secret" ] || openssl rand -hex 32 > "$secret"
done

# The containers' users read them by their group: Sello 10001, HAProxy 99, PostgreSQL 10002.
if [ "$(id -u)" = 0 ]; then
  chgrp 10001 ca.pem server.* vault.* caller.* vault-passphrase database-password
  chmod 0640 server.* vault.* caller.* vault-passphrase database-password
  chgrp 99 balancer.pem
  chmod 0640 balancer.pem
  chmod 0644 ca.pem
  # Both PostgreSQL, by its owner, and Sello read this one.
  chown 10002 database-password
else
  echo 'Not root: make the files in ./secrets readable for the containers yourself (see this script).' >&2
fi
`;
}

import { composeConfiguration, FRONT_SUBNET } from './compose-configuration.ts';
import type { DeploymentFile } from './deployment-file.ts';
import { haproxyConfiguration } from './haproxy.ts';

export interface ComposeOptions {
  readonly serverCount: number;
  readonly image: string;
}

/** `compose.yaml` and the files that it mounts; certificates and passwords are made by `make-secrets.sh` beside it. */
export function composeFiles({ serverCount, image }: ComposeOptions): readonly DeploymentFile[] {
  const names = Array.from({ length: serverCount }, (_, index) => `sello-${index + 1}`);
  return [
    { name: 'compose.yaml', content: composeText(names, image) },
    ...composeConfiguration(names),
    {
      name: 'compose/haproxy.cfg',
      content: haproxyConfiguration({
        servers: names.map((name) => ({ name, host: name, tcpPort: 11_002, httpPort: 8_080 })),
        tls: 're-encrypt',
        tcpBind: ':11002',
        httpBind: ':8443',
        certificate: '/run/secrets/balancer.pem',
        serverCa: '/run/secrets/ca.pem',
        serverName: 'sello',
        stick: false,
        statsSocket: '/tmp/admin.sock',
        metricsBind: ':8405',
        connectionsMax: 2_000,
        container: true,
      }),
    },
  ];
}

const COMMON = `  restart: unless-stopped
  read_only: true
  tmpfs: [/tmp]
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  stop_grace_period: 20s`;

function composeText(names: readonly string[], image: string): string {
  return `# Made by: sello deploy compose. First: sh make-secrets.sh (certificates and passwords into ./secrets).
#   docker compose up --build --detach
#   docker compose exec ${names[0]} sello user create NAME --role admin --password-stdin
# TCP with TLS on 11002, HTTPS on 443. One machine, so an example of the parts and not of their places: a pair of databases
# on one disk survives no disk.
name: sello

x-sello: &sello
  image: ${image}
${COMMON}
  init: true

services:
  balancer:
    image: haproxy:2.8
${indented(COMMON)}
    ports: ["11002:11002", "443:8443"]
    volumes: ["./compose/haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro"]
    secrets: [balancer.pem, ca.pem]
    networks: [front]
    depends_on:
${names.map((name) => `      ${name}: { condition: service_healthy }`).join('\n')}

${names.map((name, index) => server(name, index)).join('\n\n')}

  # Brings the tables up to date before the servers start; a second run does nothing.
  migrate:
    <<: *sello
    restart: "no"
    command: [migrate, --config, /etc/sello/server.yaml]
    volumes: ["./compose/server.yaml:/etc/sello/server.yaml:ro"]
    secrets: [database-password]
    networks: [data]
    depends_on:
      postgres-a: { condition: service_healthy }
      postgres-b: { condition: service_healthy }

  # The only one that opens the keys. With an HSM: vault_url: pkcs11:… in compose/vault.yaml, and its library mounted.
  vault:
    <<: *sello
    command: [serve, --config, /etc/sello/vault.yaml]
    volumes: ["./compose/vault.yaml:/etc/sello/vault.yaml:ro", "vault:/var/lib/sello"]
    secrets: [ca.pem, vault.cert.pem, vault.key.pem, vault-passphrase]
    networks: [vault]
    healthcheck:
      test: [CMD, sello, health, --config, /etc/sello/vault.yaml]
      interval: 10s

  # Decides which of the two is the primary. Who may connect is who is in the network "data", which nothing outside reaches.
  postgres-monitor:
    <<: &postgres
      image: sello-postgres:latest
      build: { context: ., dockerfile: postgres.Dockerfile }
      restart: unless-stopped
      cap_drop: [ALL]
      security_opt: ["no-new-privileges:true"]
      networks: [data]
      stop_grace_period: 60s
    command: [monitor]
    volumes: ["postgres-monitor:/var/lib/postgresql"]
    healthcheck: &postgres-health
      test: [CMD, pg_isready, --quiet]
      interval: 5s
      start_period: 60s
  postgres-a:
    <<: *postgres
    command: [node, postgres-a]
    volumes: ["postgres-a:/var/lib/postgresql"]
    secrets: [database-password]
    healthcheck: *postgres-health
    depends_on: { postgres-monitor: { condition: service_healthy } }
  postgres-b:
    <<: *postgres
    command: [node, postgres-b]
    volumes: ["postgres-b:/var/lib/postgresql"]
    secrets: [database-password]
    healthcheck: *postgres-health
    depends_on: { postgres-a: { condition: service_healthy } }

  # Counts for all servers together. Nothing in it is worth keeping; what fills it leaves by itself.
  redis:
    image: redis:7
${indented(COMMON)}
    command: [redis-server, --save, "", --appendonly, "no", --maxmemory, 256mb, --maxmemory-policy, volatile-ttl]
    networks: [data]
    healthcheck:
      test: [CMD, redis-cli, ping]
      interval: 5s

  # Takes the events of the journal; a stopped one never stops an authorisation. docker compose --profile events up
  pulsar:
    image: apachepulsar/pulsar:4.0.0
    profiles: [events]
    restart: unless-stopped
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    command: [bin/pulsar, standalone, --no-functions-worker]
    volumes: ["pulsar:/pulsar/data"]
    networks: [data]
    stop_grace_period: 60s

networks:
  front:
    ipam: { config: [{ subnet: ${FRONT_SUBNET} }] }
  vault: { internal: true }
  data: { internal: true }

volumes:
${[...names, 'vault', 'postgres-monitor', 'postgres-a', 'postgres-b', 'pulsar'].map((name) => `  ${name}:`).join('\n')}

secrets:
${SECRETS.map((name) => `  ${name}: { file: ./secrets/${name} }`).join('\n')}
`;
}

const SECRETS = [
  ...['ca.pem', 'balancer.pem', 'server.cert.pem', 'server.key.pem', 'vault.cert.pem', 'vault.key.pem'],
  ...['caller.cert.pem', 'caller.key.pem', 'vault-passphrase', 'database-password'],
] as const;

function server(name: string, index: number): string {
  const build = index === 0 ? '\n    build: { context: .., dockerfile: deploy/Dockerfile }' : '';
  return `  ${name}:
    <<: *sello${build}
    command: [serve, --config, /etc/sello/server.yaml]
    volumes: ["./compose/server.yaml:/etc/sello/server.yaml:ro", "${name}:/var/lib/sello"]
    secrets: [ca.pem, server.cert.pem, server.key.pem, caller.cert.pem, caller.key.pem, database-password]
    networks: [front, vault, data]
    healthcheck:
      test: [CMD, sello, health]
      interval: 10s
      timeout: 5s
      start_period: 20s
    depends_on:
      migrate: { condition: service_completed_successfully }
      vault: { condition: service_healthy }
      redis: { condition: service_started }`;
}

function indented(lines: string): string {
  return lines.replace(/^/gm, '  ');
}

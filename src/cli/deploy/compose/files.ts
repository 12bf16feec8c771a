import type { DeploymentFile } from '../deployment-file.ts';
import { haproxyConfiguration } from '../haproxy/configuration.ts';
import { shippedFile } from '../shipped-file.ts';

export interface ComposeOptions {
  readonly serverCount: number;
  readonly image: string;
}

/**
 * `deploy/compose.yaml` for that image and number of servers, and the files that it reads and mounts; the small
 * `compose.quick.yaml`. See docs/DECISIONS.md#deployment-files-are-shipped-and-filled-in
 */
export function composeFiles({ serverCount, image }: ComposeOptions): readonly DeploymentFile[] {
  const names = Array.from({ length: serverCount }, (_, index) => `sello-${index + 1}`);
  return [
    {
      name: 'compose.yaml',
      content: withImage(repeatServer(shippedFile('compose.yaml'), names), image),
    },
    { name: 'compose.quick.yaml', content: withImage(shippedFile('compose.quick.yaml'), image) },
    ...VERBATIM.map((name) => ({ name, content: shippedFile(name) })),
    { name: 'compose/make-secrets.sh', content: withNames(shippedFile('compose/make-secrets.sh'), names) },
    { name: 'compose/haproxy.cfg', content: balancer(names) },
  ];
}

const VERBATIM = [
  ...['.env', 'postgres.Dockerfile', 'postgres-entrypoint.sh'],
  ...['compose/server.yaml', 'compose/vault.yaml'],
];
const OWN_IMAGE = 'sello:latest';

/** Another image than the project's own is not built here. */
function withImage(text: string, image: string): string {
  if (image === OWN_IMAGE) return text;
  return text
    .replace(/(image: sello:latest\n) +pull_policy: never\n/g, '$1')
    .replaceAll(OWN_IMAGE, image)
    .replace(/^( +# Builds the image .*\n)? +build: \{ context: \.\., .*\n/gm, '');
}

/** What the shipped file says of `sello-2`: a line of `depends_on`, the service with its blank line, or its volume. */
const SECOND_SERVER = /^( *)sello-2:(?: \{.*\}\n|\n(?:\1 {2}.*\n)+\n|\n)/gm;

/** Repeats that for each server after the first. */
function repeatServer(text: string, [, ...others]: readonly string[]): string {
  return text.replace(SECOND_SERVER, (part) =>
    others.map((name) => part.replaceAll('sello-2', name)).join(''),
  );
}

/** The servers share one certificate, which has the name of each. */
function withNames(script: string, names: readonly string[]): string {
  return script.replace('DNS:sello-1,DNS:sello-2', names.map((name) => `DNS:${name}`).join(','));
}

function balancer(names: readonly string[]): string {
  return haproxyConfiguration({
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
  });
}

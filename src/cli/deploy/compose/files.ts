import type { DeploymentFile } from '../deployment-file.ts';
import { haproxyConfiguration } from '../haproxy/configuration.ts';
import { shippedFile } from '../shipped-file.ts';

export interface ComposeOptions {
  readonly serverCount: number;
  readonly image: string;
}

/**
 * `deploy/compose.yaml` for that image and number of servers, and the files it mounts. `make-secrets.sh`, one of them,
 * makes the certificates and passwords. See docs/DECISIONS.md#deployment-files-are-shipped-and-filled-in
 */
export function composeFiles({ serverCount, image }: ComposeOptions): readonly DeploymentFile[] {
  const names = Array.from({ length: serverCount }, (_, index) => `sello-${index + 1}`);
  return [
    {
      name: 'compose.yaml',
      content: repeatServer(shippedFile('compose.yaml'), names).replace('sello:latest', image),
    },
    ...['compose/server.yaml', 'compose/vault.yaml'].map((name) => ({ name, content: shippedFile(name) })),
    { name: 'make-secrets.sh', content: withNames(shippedFile('make-secrets.sh'), names) },
    { name: 'compose/haproxy.cfg', content: balancer(names) },
  ];
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

/*
 * Images without a registry: those that the files in deploy/ begin from are made here of Debian's packages, under the names
 * that the files ask for. They trust the authorities that this machine trusts, and nothing of that is in the repository.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerEngine, run } from './container-engine.ts';

const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
const INSIDE = '/usr/local/share/machine/authorities.pem';
/** What the official image leaves out, and how it speeds dpkg up. */
const SLIM = [
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  '--dpkgopt=force-unsafe-io',
  '--aptopt=APT::Install-Recommends "false"',
];
/** Dockerfiles that stand in for official images: their user ids, their commands, Debian's program. */
const STAND_INS: Readonly<Record<string, string>> = {
  haproxy: `RUN apt-get update && apt-get install -y --no-install-recommends haproxy \\
 && usermod --uid 99 haproxy && groupmod --gid 99 haproxy \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* && mkdir -p /usr/local/etc/haproxy
USER haproxy
STOPSIGNAL SIGUSR1
CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]`,
  redis: `RUN groupadd --gid 999 redis && useradd --uid 999 --gid 999 --no-create-home redis \\
 && apt-get update && apt-get install -y --no-install-recommends redis-server \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
USER redis
WORKDIR /data
CMD ["redis-server"]`,
};

export interface ImageFolder {
  /** The repository's root. */
  readonly root: string;
  readonly say: (line: string) => void;
}

/** Makes what the images and compose.yaml begin from, and builds both images of deploy/. */
export async function makeImages(engine: ContainerEngine, folder: ImageFolder): Promise<void> {
  await makeBaseImages(engine, folder);
  for (const [name, image] of Object.entries(STAND_INS)) await makeStandIn(engine, name, image, folder);
  await buildImage(engine, 'sello-postgres:latest', folder);
  await buildImage(engine, 'sello:latest', folder);
}

export async function makeBaseImages(engine: ContainerEngine, { root, say }: ImageFolder): Promise<void> {
  const debian = baseOf(root);
  await once(engine, debian, debianRecipe(), say, () => importDebian(engine, debian));
}

/** Builds an image of deploy/. */
export async function buildImage(
  engine: ContainerEngine,
  image: 'sello:latest' | 'sello-postgres:latest',
  { root, say }: ImageFolder,
): Promise<void> {
  const given =
    image === 'sello:latest'
      ? ['--file', 'deploy/Dockerfile', '.']
      : ['--file', 'deploy/postgres.Dockerfile', 'deploy'];
  await build(engine, image, given, root, say);
}

async function makeStandIn(
  engine: ContainerEngine,
  name: string,
  lines: string,
  { root, say }: ImageFolder,
): Promise<void> {
  const compose = readFileSync(join(root, 'deploy/compose.yaml'), 'utf8');
  const image = new RegExp(`image: (${name}:\\S+)`).exec(compose)?.[1] ?? '';
  const debian = baseOf(root);
  await once(engine, image, `${name} ${digest(debian, lines)}`, say, async (recipe) => {
    await buildText(engine, image, `FROM ${debian}\n${lines}\nLABEL recipe="${recipe}"\n`);
  });
}

function baseOf(root: string): string {
  return /^ARG DEBIAN=(\S+)$/m.exec(readFileSync(join(root, 'deploy/Dockerfile'), 'utf8'))?.[1] ?? '';
}

function debianRecipe(): string {
  return `debian ${digest(SLIM.join(), authorities())}`;
}

/** `docker build` in the machine's network, as a machine without a way out for containers needs it. */
async function build(
  engine: ContainerEngine,
  image: string,
  given: readonly string[],
  folder: string,
  say: (line: string) => void,
): Promise<void> {
  const startedAt = performance.now();
  const ran = await run('/usr/bin/docker', ['build', '--network', 'host', '--tag', image, ...given], {
    environment: engine.environment,
    folder,
  });
  if (ran.code !== 0) throw new Error(`docker build ${image}: ${ran.code}\n${ran.output.slice(-4_000)}`);
  say(`${image} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
}

async function buildText(engine: ContainerEngine, image: string, dockerfile: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sello-image-'));
  try {
    writeFileSync(join(folder, 'Dockerfile'), dockerfile);
    await build(engine, image, ['.'], folder, () => undefined);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes an image unless that of the same recipe is there. */
async function once(
  engine: ContainerEngine,
  image: string,
  recipe: string,
  say: (line: string) => void,
  make: (recipe: string) => Promise<void>,
): Promise<void> {
  const label = '{{index .Config.Labels "recipe"}}';
  const there = await engine.docker(['image', 'inspect', '--format', label, image]);
  if (there.code === 0 && there.stdout.trim() === recipe) return;
  const startedAt = performance.now();
  await make(recipe);
  say(`${image} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
}

async function importDebian(engine: ContainerEngine, image: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sello-debian-'));
  const changes = [
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `LABEL recipe="${debianRecipe()}"`,
    ...(authorities() === '' ? [] : [`ENV NODE_EXTRA_CA_CERTS=${INSIDE} npm_config_cafile=${INSIDE}`]),
    ...Object.entries(process.env)
      .filter(([name]) => /^(https?_proxy|no_proxy|npm_config_registry)$/i.test(name))
      .map(([name, value]) => `ENV ${name}=${value}`),
    'CMD ["bash"]',
  ];
  const hook = `mkdir -p "$1/usr/local/share/machine"; rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*; [ ! -e ${AUTHORITIES} ] || cp ${AUTHORITIES} "$1${INSIDE}"`;
  try {
    const tar = join(folder, 'debian.tar');
    const made = await run('/usr/bin/mmdebstrap', [
      ...[
        '--quiet',
        '--mode=root',
        '--variant=minbase',
        ...SLIM,
        `--customize-hook=${hook}`,
        'bookworm',
        tar,
      ],
    ]);
    if (made.code !== 0) throw new Error(`mmdebstrap: ${made.code}\n${made.output.slice(-2_000)}`);
    await engine.must(['import', ...changes.flatMap((change) => ['--change', change]), tar, image]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function authorities(): string {
  return existsSync(AUTHORITIES) ? readFileSync(AUTHORITIES, 'utf8') : '';
}

function digest(...texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 16);
}

/*
 * Images without a registry: those that the files in deploy/ begin from are made here of Debian's packages, under the names
 * that the files ask for. They trust the authorities that this machine trusts, and nothing of that is in the repository.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerEngine, run } from './container-engine.ts';
import { PULSAR_TARBALL, pulsarTarball } from './pulsar-tarball.ts';

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
/** Apache Pulsar of its tarball, with the paths, the user and the programs of the official image. */
const PULSAR = `FROM DEBIAN AS server
ADD ${PULSAR_TARBALL.name} /
RUN mv /apache-pulsar-* /pulsar && rm /pulsar/bin/*.cmd && cd /pulsar \\
 && mkdir -p data download logs packages-storage instances/deps \\
 && chown -R 10000:0 conf data download logs packages-storage instances/deps
FROM DEBIAN
RUN mkdir -p /usr/share/man/man1 && apt-get update \\
 && apt-get install -y --no-install-recommends openjdk-17-jre-headless curl procps \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \\
 && useradd --uid 10000 --gid 0 --no-create-home --home-dir /pulsar/data pulsar
COPY --from=server /pulsar /pulsar
WORKDIR /pulsar
ENV PATH=$PATH:/pulsar/bin
USER 10000`;

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

/** Makes the stand-in for Apache Pulsar. @returns why it cannot be made */
export async function makePulsarImage(
  engine: ContainerEngine,
  { root, say }: ImageFolder,
): Promise<string | undefined> {
  const image = imageOf('apachepulsar/pulsar', root);
  const debian = baseOf(root);
  const lines = PULSAR.replaceAll('DEBIAN', debian);
  const recipe = `pulsar ${digest(debianRecipe(), lines, PULSAR_TARBALL.sha256)}`;
  if (await isThere(engine, image, recipe)) return undefined;
  const tarball = await pulsarTarball();
  if ('problem' in tarball) return tarball.problem;
  await once(engine, image, recipe, say, (label) =>
    buildText(engine, image, `${lines}\nLABEL recipe="${label}"\n`, tarball.folder),
  );
  return undefined;
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
  const image = imageOf(name, root);
  const debian = baseOf(root);
  await once(engine, image, `${name} ${digest(debian, lines)}`, say, async (recipe) => {
    await buildText(engine, image, `FROM ${debian}\n${lines}\nLABEL recipe="${recipe}"\n`);
  });
}

/** The name, with its version, that compose.yaml asks for. */
function imageOf(name: string, root: string): string {
  const compose = readFileSync(join(root, 'deploy/compose.yaml'), 'utf8');
  return new RegExp(`image: (${name}:\\S+)`).exec(compose)?.[1] ?? '';
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
  input?: string,
): Promise<void> {
  const startedAt = performance.now();
  const ran = await run('/usr/bin/docker', ['build', '--network', 'host', '--tag', image, ...given], {
    environment: engine.environment,
    folder,
    input,
  });
  if (ran.code !== 0) throw new Error(`docker build ${image}: ${ran.code}\n${ran.output.slice(-4_000)}`);
  say(`${image} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
}

/** `context`: the folder of the files that the Dockerfile adds. */
async function buildText(
  engine: ContainerEngine,
  image: string,
  dockerfile: string,
  context?: string,
): Promise<void> {
  const folder = context ?? mkdtempSync(join(tmpdir(), 'sello-image-'));
  try {
    await build(engine, image, ['--file', '-', folder], '/', () => undefined, dockerfile);
  } finally {
    if (context === undefined) rmSync(folder, { recursive: true, force: true });
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
  if (await isThere(engine, image, recipe)) return;
  const startedAt = performance.now();
  await make(recipe);
  say(`${image} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
}

async function isThere(engine: ContainerEngine, image: string, recipe: string): Promise<boolean> {
  const label = '{{index .Config.Labels "recipe"}}';
  const there = await engine.docker(['image', 'inspect', '--format', label, image]);
  return there.code === 0 && there.stdout.trim() === recipe;
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

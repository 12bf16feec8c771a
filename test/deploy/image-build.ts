/*
 * Runs a Dockerfile's instructions without a container engine, as root on Linux: `debian:bookworm-slim` is a bare Debian
 * made by mmdebstrap, a layer is the upper folder of an overlay mount, RUN is a chroot with private mounts and processes.
 * Layers are kept in ~/.cache/sello/image by what they were made of, as an engine keeps them. The network is the host's.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, join, relative } from 'node:path';
import {
  applySetting,
  type ImageSettings,
  type Instruction,
  newSettings,
  parseDockerfile,
} from './dockerfile.ts';

const CACHE = join(homedir(), '.cache', 'sello', 'image');
const STEP_TIME_MS = 240_000;
const LAYERS_KEPT_MAX = 28;
/** What the official image leaves out, and how it speeds dpkg up. */
const SLIM = [
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  '--dpkgopt=force-unsafe-io',
  '--aptopt=APT::Install-Recommends "false"',
];

interface BuiltStage {
  readonly settings: ImageSettings;
  /** Folders of layers, the uppermost first: `lowerdir` of an overlay. */
  readonly layers: readonly string[];
}

export interface BuiltImage extends BuiltStage {
  /** How many layers were made now, not found. */
  readonly made: number;
}

/** Why it cannot be done on this machine; nothing where it can. */
export function imageBuildProblem(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  if (spawnSync('mmdebstrap', ['--version']).status !== 0) return 'needs mmdebstrap';
  const folder = mkdtempSync('/tmp/sello-overlay-');
  const tried = sh(
    `cd ${folder} && mkdir l u w m && mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w m`,
  );
  rmSync(folder, { recursive: true, force: true });
  return tried.status === 0 ? undefined : 'needs overlay mounts';
}

/** Builds the last stage. `context`: the folder that COPY reads. @throws Error with what a failed step printed */
export function buildImage(dockerfile: string, context: string, say: (line: string) => void): BuiltImage {
  mkdirSync(CACHE, { recursive: true });
  let made = 0;
  const stages = new Map<string, BuiltStage>();
  let last: BuiltStage | undefined;

  const layer = (key: string, what: string, make: (folder: string) => void): string => {
    const folder = join(CACHE, createHash('sha256').update(key).digest('hex').slice(0, 32));
    if (existsSync(folder)) {
      utimesSync(folder, new Date(), new Date());
      return folder;
    }
    const startedAt = performance.now();
    const aside = mkdtempSync(join(CACHE, 'new-'));
    const root = join(aside, 'root');
    mkdirSync(root, { mode: 0o755 });
    try {
      make(root);
      renameSync(root, folder);
    } catch (error) {
      // Another test run may have been first.
      if (!existsSync(folder)) throw error;
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
    utimesSync(folder, new Date(), new Date());
    made++;
    say(`${what} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
    return folder;
  };

  for (const { base, name, instructions } of parseDockerfile(dockerfile)) {
    const below = stages.get(base);
    let layers = below?.layers ?? [layer(baseKey(base), `FROM ${base}`, (root) => debootstrap(base, root))];
    const settings = below ? structuredClone(below.settings) : newSettings();
    for (const instruction of instructions) {
      if (applySetting(settings, instruction)) continue;
      const key = JSON.stringify([
        layers,
        instruction,
        settings,
        sourcesDigest(instruction, context, stages),
      ]);
      const lower = layers;
      const upper = layer(key, `${instruction.name} ${instruction.rest.slice(0, 70)}`, (root) => {
        if (instruction.name === 'RUN') run(instruction, settings, lower, root);
        else copy(instruction, settings, { context, stages, lower, root });
      });
      layers = [upper, ...layers];
    }
    if (name !== undefined) stages.set(name, { settings, layers });
    last = { settings, layers };
  }
  if (!last) throw new Error('no FROM');
  forget();
  return { ...last, made };
}

/** A shell script with mounts of its own, gone with it. */
export function sh(script: string, input = '') {
  return spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-euc', script], {
    encoding: 'utf8',
    input,
    timeout: STEP_TIME_MS,
    maxBuffer: 64 * 1_048_576,
  });
}

/** The lines that mount the layers at `root` and make it look like a machine. */
export function mounting(
  layers: readonly string[],
  root: string,
  upper?: { dir: string; work: string },
): string {
  const over = upper ? `,upperdir=${upper.dir},workdir=${upper.work}` : '';
  return `mount -t overlay overlay -o lowerdir=${layers.join(':')}${over} ${root}
mount -t proc proc ${root}/proc
mount --rbind /dev ${root}/dev
`;
}

function baseKey(base: string): string {
  if (!/^debian:bookworm-slim$/.test(base)) throw new Error(`no such base here: ${base}`);
  return `mmdebstrap ${SLIM.join()}`;
}

function debootstrap(base: string, root: string): void {
  const [, suite = ''] = /:(\w+)/.exec(base) ?? [];
  expectDone(
    spawnSync('mmdebstrap', ['--quiet', '--mode=root', '--variant=minbase', ...SLIM, suite, root], {
      encoding: 'utf8',
      timeout: STEP_TIME_MS,
    }),
    `FROM ${base}`,
  );
}

function run(
  { flags, rest }: Instruction,
  settings: ImageSettings,
  lower: readonly string[],
  upper: string,
): void {
  const work = mkdtempSync(join(CACHE, 'work-'));
  const root = join(work, 'mounted');
  mkdirSync(root);
  mkdirSync(join(work, 'work'));
  const caches: string[] = [];
  for (const [, target = ''] of (flags.mount ?? '').matchAll(/^type=cache,target=(\S+)$/g)) {
    const source = join(CACHE, 'cache', target.replaceAll('/', '-'));
    mkdirSync(source, { recursive: true });
    caches.push(`mkdir -p ${root}${target}\nmount --bind ${source} ${root}${target}\n`);
  }
  const environment = { ...settings.environment, HOME: '/root', ...hostNetworkEnvironment() };
  const variables = Object.entries(environment).map(([name, value]) => `'${name}=${value}'`);
  const script = `${mounting(lower, root, { dir: upper, work: join(work, 'work') })}
touch ${root}/etc/resolv.conf
mount --bind /etc/resolv.conf ${root}/etc/resolv.conf
${hostAuthorities(root)}
${caches.join('')}
mkdir -p ${root}${settings.workdir}
exec unshare --pid --fork --kill-child chroot ${root} /usr/bin/env -i ${variables.join(' ')} /bin/sh -euc 'cd ${settings.workdir}; eval "$(cat)"'`;
  try {
    expectDone(sh(script, rest), `RUN ${rest}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** An engine on this machine would be told of its proxies and authorities the same way; none of it stays in a layer. */
function hostNetworkEnvironment(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) =>
    /^(https?_proxy|no_proxy|npm_config_registry)$/i.test(name),
  );
  const given = Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
  return existsSync(AUTHORITIES) ? { ...given, NODE_EXTRA_CA_CERTS: '/run/authorities.pem' } : given;
}

const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

function hostAuthorities(root: string): string {
  if (!existsSync(AUTHORITIES)) return '';
  return `mount -t tmpfs tmpfs ${root}/run\ncp ${AUTHORITIES} ${root}/run/authorities.pem`;
}

interface CopyPlace {
  readonly context: string;
  readonly stages: ReadonlyMap<string, BuiltStage>;
  readonly lower: readonly string[];
  readonly root: string;
}

function copy({ flags, rest }: Instruction, settings: ImageSettings, place: CopyPlace): void {
  const words = rest.split(/\s+/);
  const given = words.pop() ?? '';
  const target = join(place.root, given.startsWith('/') ? given : join(settings.workdir, given));
  const intoFolder = given.endsWith('/') || words.length > 1;
  // A folder of the layer hides none below it: what it has in common with them keeps its mode.
  mkdirSync(intoFolder ? target : join(target, '..'), { recursive: true, mode: 0o755 });
  for (const source of words) {
    const to = intoFolder ? join(target, basename(source)) : target;
    if (flags.from !== undefined) {
      copyFromStage(place.stages.get(flags.from)?.layers ?? [], source, to);
      continue;
    }
    const from = join(place.context, source);
    // As .dockerignore says.
    const filter = (path: string) => !/(^|\/)(node_modules|dist|\.git)$/.test(relative(place.context, path));
    if (statSync(from).isDirectory() && intoFolder) cpSync(from, target, { recursive: true, filter });
    else cpSync(from, to, { recursive: true, filter });
  }
}

function copyFromStage(layers: readonly string[], source: string, to: string): void {
  const work = mkdtempSync(join(CACHE, 'work-'));
  try {
    const script = `mount -t overlay overlay -o lowerdir=${layers.join(':')} ${work}
if [ -d ${work}${source} ]; then mkdir -p ${to}; cp -a ${work}${source}/. ${to}/; else cp -a ${work}${source} ${to}; fi`;
    expectDone(sh(script), `COPY --from ${source}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The files that a COPY reads: a change in them makes another layer. */
function sourcesDigest(
  { name, flags, rest }: Instruction,
  context: string,
  stages: ReadonlyMap<string, BuiltStage>,
): string {
  if (name !== 'COPY') return '';
  if (flags.from !== undefined) return JSON.stringify(stages.get(flags.from)?.layers);
  const digest = createHash('sha256');
  const add = (path: string) => {
    if (/(^|\/)(node_modules|dist|\.git)$/.test(relative(context, path))) return;
    const found = lstatSync(path);
    digest.update(`${relative(context, path)}\0${found.mode}\0`);
    if (found.isDirectory()) for (const entry of readdirSync(path).sort()) add(join(path, entry));
    else if (found.isSymbolicLink()) digest.update(readlinkSync(path));
    else digest.update(readFileSync(path));
  };
  for (const source of rest.split(/\s+/).slice(0, -1)) add(join(context, source));
  return digest.digest('hex');
}

/** The layers used last are kept. */
function forget(): void {
  const layers = readdirSync(CACHE)
    .filter((name) => /^[0-9a-f]{32}$/.test(name))
    .map((name) => ({ path: join(CACHE, name), usedAt: statSync(join(CACHE, name)).mtimeMs }))
    .sort((a, b) => b.usedAt - a.usedAt);
  for (const { path } of layers.slice(LAYERS_KEPT_MAX)) rmSync(path, { recursive: true, force: true });
}

function expectDone(
  { status, stdout, stderr, error }: { status: number | null; stdout: string; stderr: string; error?: Error },
  what: string,
): void {
  if (status === 0) return;
  const said = `${stdout}${stderr}`.trim().split('\n').slice(-25).join('\n');
  throw new Error(`${what}: ${error?.message ?? `ended with ${status}`}\n${said}`);
}

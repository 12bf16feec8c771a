// Installs what is missing, and nothing when all is there. Plain JavaScript for the Node that is on the machine
// (20 or later); an older one must still be able to read it and be told so, hence no newer syntax.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// Why: docs/DECISIONS.md#pages-are-built-when-their-sources-change
const NODE_MAJOR_MIN = 20;
const NPM_MAJOR_MIN = 9;
const RUNTIME_MAJOR = 26;
const HEARTBEAT_MS = 2000;
const LOCK_STALE_MS = 30000;
const LOCK_WAIT_MAX_MS = 600000;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const stampFile = path.join(modules, '.sello-setup');
const web = path.join(root, 'web');
const webBuilt = path.join(web, 'dist');
const BUILT_ASIDE = '.dist.';
const webStampFile = path.join(webBuilt, '.sello-build');
/** Sources of the pages outside their own folder: the server modules that they share. */
const WEB_SOURCES = ['src/domain', 'src/limits.ts', 'package-lock.json'];
const runtime = path.join(modules, '.bin', 'node');
const lockFolder = path.join(root, '.setup-lock');
const ownerFile = path.join(lockFolder, 'owner.json');

/** An error for the user: what is wrong and how to fix it, without a stack trace. */
class SetupFailure extends Error {}

function stampWanted() {
  const lock = fs.readFileSync(path.join(root, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  return [digest, process.platform, process.arch].join(' ');
}

function upToDate() {
  try {
    return fs.readFileSync(stampFile, 'utf8') === stampWanted() && runtimeMajor() === RUNTIME_MAJOR;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false;
    throw error;
  }
}

/** A digest of everything that the pages are made of: a changed one means that they are built anew. */
function webStampWanted() {
  const digest = createHash('sha256');
  const add = (name) => {
    const file = path.join(root, name);
    if (!fs.statSync(file).isDirectory()) {
      digest.update(`${name}\0`).update(fs.readFileSync(file)).update('\0');
      return;
    }
    for (const entry of fs.readdirSync(file).sort()) {
      const built = name === 'web' && (entry === 'dist' || entry.startsWith(BUILT_ASIDE));
      if (!built) add(`${name}/${entry}`);
    }
  };
  for (const name of ['web'].concat(WEB_SOURCES)) add(name);
  return digest.digest('hex');
}

function webUpToDate() {
  // Shipped without its sources: there is nothing to build it from.
  if (!fs.existsSync(path.join(web, 'vite.config.ts'))) return true;
  try {
    return fs.readFileSync(webStampFile, 'utf8') === webStampWanted();
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Builds the pages in a temporary folder, then swaps them in; a running server serves the old pages meanwhile. */
async function buildWeb() {
  const startedAt = Date.now();
  process.stderr.write('Building the web pages (once; a few seconds)…\n');
  const wanted = webStampWanted();
  const aside = path.join(web, `${BUILT_ASIDE}${process.pid}`);
  const vite = path.join(modules, 'vite', 'bin', 'vite.js');
  const config = path.join(web, 'vite.config.ts');
  const result = await runToEnd(
    runtime,
    [vite, 'build', '--config', config, '--outDir', aside, '--logLevel', 'warn'],
    { ...process.env, NODE_ENV: 'production' },
  );
  if (result.code !== 0) {
    fs.rmSync(aside, { recursive: true, force: true });
    throw new SetupFailure(`The web pages cannot be built.\n${lastLines(result.output, 20)}`);
  }
  fs.writeFileSync(path.join(aside, path.basename(webStampFile)), wanted);
  const before = `${aside}.before`;
  if (fs.existsSync(webBuilt)) fs.renameSync(webBuilt, before);
  fs.renameSync(aside, webBuilt);
  fs.rmSync(before, { recursive: true, force: true });
  process.stderr.write(`Built in ${Math.round((Date.now() - startedAt) / 1000)} s.\n`);
}

/** 0 when the project's Node is missing or does not run. */
function runtimeMajor() {
  const run = spawnSync(runtime, ['--version'], { encoding: 'utf8' });
  if (run.error || run.status !== 0) return 0;
  return Number.parseInt(run.stdout.slice(1), 10);
}

/** Makes `npx sello` work in this folder: npm links a package's own commands only into those that depend on it. */
function linkCommand() {
  const link = path.join(modules, '.bin', 'sello');
  const target = path.join('..', '..', 'bin', 'sello');
  try {
    if (fs.readlinkSync(link) === target) return;
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EINVAL') throw error;
  }
  // Created under a temporary name and renamed, so that concurrent setups always see a complete link.
  const made = `${link}.${process.pid}`;
  fs.rmSync(made, { force: true });
  fs.symlinkSync(target, made);
  fs.renameSync(made, link);
  // An archive that was unpacked without modes.
  fs.chmodSync(path.join(root, 'bin', 'sello'), 0o755);
}

function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli && path.basename(cli) === 'npm-cli.js' && fs.existsSync(cli)) return [process.execPath, cli];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

function checkMachine() {
  const npm = npmCommand();
  const run = spawnSync(npm[0], npm.slice(1).concat('--version'), { cwd: root, encoding: 'utf8' });
  if (run.error || run.status !== 0) {
    throw new SetupFailure(
      'npm is not on the PATH. Install Node 20 or later together with npm, then run this again.',
    );
  }
  const major = Number.parseInt(run.stdout, 10);
  if (major < NPM_MAJOR_MIN) {
    throw new SetupFailure(
      `npm ${run.stdout.trim()} is too old: ${NPM_MAJOR_MIN} or later is needed. Run: npm install --global npm@10`,
    );
  }
  for (const folder of [root, modules]) {
    try {
      fs.accessSync(folder, fs.constants.W_OK);
    } catch (error) {
      if (folder === modules && error.code === 'ENOENT') continue;
      throw new SetupFailure(
        `No permission to write into ${folder}. Run as its owner, or copy the project to a folder of your own.`,
      );
    }
  }
}

function runNpm(args) {
  const npm = npmCommand();
  return runToEnd(npm[0], npm.slice(1).concat(args), process.env);
}

/** Does not block this process while the child runs, so the lock owner keeps updating its heartbeat. */
function runToEnd(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-16384);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}

function lastLines(text, count) {
  return text.trim().split('\n').slice(-count).join('\n');
}

function explain(output) {
  const has = (pattern) => pattern.test(output);
  if (has(/E(ACCES|PERM|ROFS)\b/)) {
    return `No permission to write into ${modules} or npm's cache. Run as their owner, or copy the project to a folder of your own.`;
  }
  if (has(/ENOSPC/)) return 'The disk is full: about 300 MB are needed. Free some space and run this again.';
  if (
    has(
      /E(NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|AI_AGAIN|HOSTUNREACH|NETUNREACH)|ERR_SOCKET_TIMEOUT|network/i,
    )
  ) {
    return 'The npm registry cannot be reached. Check the network, or name a mirror: npm config set registry <address>';
  }
  if (has(/EUSAGE|npm ci.*can only install/)) {
    return 'package-lock.json does not fit package.json. Run: npm install';
  }
  return 'npm could not install the dependencies.';
}

async function install() {
  checkMachine();
  const startedAt = Date.now();
  process.stderr.write(
    'Installing dependencies and Node 26 into node_modules (once; about half a minute)…\n',
  );
  const wanted = stampWanted();
  fs.rmSync(stampFile, { force: true });
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const patience = [
    '--prefer-offline',
    '--fetch-retries=3',
    '--fetch-retry-mintimeout=1000',
    '--fetch-retry-maxtimeout=5000',
  ];
  // Without install scripts, whatever npm's own rule about them is: pkcs11js would look for a compiler
  // (scripts/build-pkcs11.ts builds it where an HSM is used). The project's Node alone needs its own.
  await checkedNpm(['ci', '--include=dev', '--ignore-scripts'].concat(quiet, patience));
  if (runtimeMajor() !== RUNTIME_MAJOR) {
    await checkedNpm(['rebuild', 'node', '--ignore-scripts=false'].concat(quiet));
  }
  if (runtimeMajor() !== RUNTIME_MAJOR) {
    throw new SetupFailure(
      `${runtime} is not Node ${RUNTIME_MAJOR}: the package "node" has no binary for ${process.platform} ${process.arch}, or its install script did not run.`,
    );
  }
  linkCommand();
  fs.writeFileSync(`${stampFile}.${process.pid}`, wanted);
  fs.renameSync(`${stampFile}.${process.pid}`, stampFile);
  process.stderr.write(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.\n`);
}

async function checkedNpm(args) {
  const result = await runNpm(args);
  if (result.code === 0) return;
  if (result.signal)
    throw new SetupFailure(`The installation was stopped by ${result.signal}. Run this again.`);
  const tail = lastLines(result.output, 8);
  throw new SetupFailure(`${explain(result.output)}\n${tail}`);
}

function readOwner() {
  try {
    return fs.readFileSync(ownerFile, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

/** The owner refreshes a heartbeat; a dead owner is detected by its process id or a stale heartbeat. */
function isStale(owner) {
  let silentMs;
  try {
    silentMs = Date.now() - fs.statSync(owner === '' ? lockFolder : ownerFile).mtimeMs;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
  if (silentMs > LOCK_STALE_MS) return true;
  if (owner === '') return false;
  try {
    const { pid, host } = JSON.parse(owner);
    if (host !== os.hostname()) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function breakLock(owner) {
  const aside = `${lockFolder}.${process.pid}`;
  try {
    fs.renameSync(lockFolder, aside);
    // Another waiter may have broken the stale lock and taken a new one: put that back.
    const taken = fs.existsSync(path.join(aside, 'owner.json'))
      ? fs.readFileSync(path.join(aside, 'owner.json'), 'utf8')
      : '';
    if (taken !== owner && !fs.existsSync(lockFolder)) fs.renameSync(aside, lockFolder);
    else fs.rmSync(aside, { recursive: true, force: true });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function tryLock() {
  try {
    fs.mkdirSync(lockFolder);
  } catch (error) {
    if (error.code === 'EEXIST') return undefined;
    if (error.code === 'EACCES' || error.code === 'EROFS' || error.code === 'EPERM') {
      throw new SetupFailure(
        `No permission to write into ${root}. Run as its owner, or copy the project to a folder of your own.`,
      );
    }
    throw error;
  }
  fs.writeFileSync(ownerFile, JSON.stringify({ pid: process.pid, host: os.hostname(), at: Date.now() }));
  const beat = setInterval(() => {
    try {
      fs.utimesSync(ownerFile, new Date(), new Date());
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }, HEARTBEAT_MS);
  return () => {
    clearInterval(beat);
    fs.rmSync(lockFolder, { recursive: true, force: true });
  };
}

/** Waits while another setup installs; when it finishes, usually nothing is left to do. */
async function lock() {
  const since = Date.now();
  let told = false;
  for (;;) {
    const unlock = tryLock();
    if (unlock) return unlock;
    const owner = readOwner();
    if (isStale(owner)) {
      breakLock(owner);
      continue;
    }
    if (Date.now() - since > LOCK_WAIT_MAX_MS) {
      throw new SetupFailure(`Another setup holds ${lockFolder}. When none is running, remove that folder.`);
    }
    if (!told) process.stderr.write('Another setup is installing here: waiting for it…\n');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function main() {
  const [major] = process.versions.node.split('.');
  if (Number(major) < NODE_MAJOR_MIN) {
    throw new SetupFailure(
      `Node ${process.versions.node} is too old: Sello needs Node ${NODE_MAJOR_MIN} or later to install itself (and brings its own Node ${RUNTIME_MAJOR}).`,
    );
  }
  const webForced = process.argv.includes('--build-web');
  if (upToDate() && webUpToDate() && !webForced) {
    linkCommand();
    return;
  }
  const unlock = await lock();
  const stop = (signal) => {
    unlock();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    if (upToDate()) linkCommand();
    else await install();
    if (webForced || !webUpToDate()) await buildWeb();
  } finally {
    unlock();
  }
}

main().catch((error) => {
  process.stderr.write(
    error instanceof SetupFailure ? `setup: ${error.message}\n` : `setup: ${error.stack}\n`,
  );
  process.exitCode = 1;
});

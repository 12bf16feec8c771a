/*
 * Goal: the setup installs once, also when two run at once, and explains in plain words what stops it.
 * Method: the real script in a copy of the project, with npm and the bundler replaced by programs that record their calls.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../services/application.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What npm is replaced by: it notes how it was called, and does what is told here. */
const NPM = `#!/bin/sh
case "$1" in
  --version) echo "\${NPM_VERSION:-10.0.0}"; exit 0 ;;
esac
echo "$*" >> calls
if [ -n "$NPM_FAILS" ]; then echo "$NPM_FAILS" >&2; exit 1; fi
sleep "\${NPM_SLEEPS:-0}"
rm -rf node_modules
mkdir -p node_modules/.bin
ln -s "$REAL_NODE" node_modules/.bin/node
`;

interface Project {
  readonly folder: string;
  setup(
    environment?: Record<string, string>,
    uid?: number,
  ): Promise<{ code: number | null; stderr: string; ms: number }>;
  calls(): string[];
}

async function project(t: TestContext): Promise<Project> {
  const folder = await temporaryFolder(t);
  for (const name of ['scripts', 'bin', 'npm']) mkdirSync(join(folder, name));
  cpSync(join(ROOT, 'scripts/setup.mjs'), join(folder, 'scripts/setup.mjs'));
  cpSync(join(ROOT, 'bin/sello'), join(folder, 'bin/sello'));
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  writeFileSync(join(folder, 'npm/npm'), NPM, { mode: 0o755 });
  return {
    folder,
    setup: (environment = {}, uid) =>
      new Promise((resolve) => {
        const startedAt = performance.now();
        const child = spawn(process.execPath, [join(folder, 'scripts/setup.mjs')], {
          cwd: '/',
          env: { PATH: `${join(folder, 'npm')}:/usr/bin:/bin`, REAL_NODE: process.execPath, ...environment },
          ...(uid === undefined ? {} : { uid, gid: uid }),
        });
        let stderr = '';
        child.stderr.on('data', (text) => {
          stderr += text;
        });
        child.stdout.on('data', (text) => {
          stderr += text;
        });
        child.on('close', (code) => resolve({ code, stderr, ms: performance.now() - startedAt }));
      }),
    calls: () =>
      existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [],
  };
}

test('it installs once, links the command, and then is quick and says nothing', async (t) => {
  const { folder, setup, calls } = await project(t);
  const first = await setup();
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^Installing dependencies and Node 26.*\nInstalled in \d+ s\.\n$/);
  assert.match(calls()[0] ?? '', /^ci --include=dev /);
  assert.equal(readlinkSync(join(folder, 'node_modules/.bin/sello')), '../../bin/sello');

  const runs = [await setup(), await setup(), await setup()];
  assert(runs.every(({ code, stderr }) => code === 0 && stderr === ''));
  assert(Math.min(...runs.map(({ ms }) => ms)) < 400, `${runs.map(({ ms }) => Math.round(ms))} ms`);
  assert.equal(calls().length, 1);
});

test('it installs again when the lock file changes or the project’s Node is missing, and repairs a broken link without installing', async (t) => {
  const { folder, setup, calls } = await project(t);
  await setup();
  rmSync(join(folder, 'node_modules/.bin/sello'));
  await setup();
  assert(lstatSync(join(folder, 'node_modules/.bin/sello')).isSymbolicLink());
  assert.equal(calls().length, 1);

  writeFileSync(join(folder, 'package-lock.json'), '{ }');
  await setup();
  assert.equal(calls().length, 2);
  rmSync(join(folder, 'node_modules/.bin/node'));
  await setup();
  assert.equal(calls().length, 3);
});

test('two at once install once, and both end well', async (t) => {
  const { folder, setup, calls } = await project(t);
  const runs = await Promise.all([
    setup({ NPM_SLEEPS: '0.5' }),
    setup({ NPM_SLEEPS: '0.5' }),
    setup({ NPM_SLEEPS: '0.5' }),
  ]);
  assert(
    runs.every(({ code }) => code === 0),
    runs.map(({ stderr }) => stderr).join(),
  );
  assert.equal(calls().length, 1);
  assert.equal(runs.filter(({ stderr }) => stderr.includes('waiting for it')).length, 2);
  assert(!existsSync(join(folder, '.setup-lock')));
});

test('a lock that a killed setup left is broken: by its process id, or by its silence', async (t) => {
  const { folder, setup } = await project(t);
  const lock = join(folder, '.setup-lock');
  const owner = join(lock, 'owner.json');
  mkdirSync(lock);
  writeFileSync(owner, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), at: 0 }));
  assert.equal((await setup()).code, 0);

  rmSync(join(folder, 'node_modules'), { recursive: true });
  mkdirSync(lock);
  writeFileSync(owner, JSON.stringify({ pid: process.pid, host: hostname(), at: 0 }));
  const long = new Date(Date.now() - 60_000);
  utimesSync(owner, long, long);
  assert.equal((await setup()).code, 0);
  assert(!existsSync(lock));
});

test('a failure is explained in plain words, with what to do', async (t) => {
  const { folder, setup } = await project(t);
  const cases: [Record<string, string>, RegExp][] = [
    [
      { NPM_FAILS: 'npm error code ENOTFOUND\nnpm error network request failed' },
      /The npm registry cannot be reached\. .*npm config set registry/,
    ],
    [{ NPM_FAILS: 'npm error code EACCES' }, /No permission to write/],
    [{ NPM_FAILS: 'npm error code ENOSPC' }, /The disk is full/],
    [
      { NPM_FAILS: 'npm error code EUSAGE' },
      /package-lock.json does not fit package.json\. Run: npm install/,
    ],
    [{ NPM_VERSION: '6.14.0' }, /npm 6.14.0 is too old: 9 or later/],
    [{ PATH: '/nowhere' }, /npm is not on the PATH/],
    [{ REAL_NODE: '/bin/false' }, /is not Node 26/],
  ];
  for (const [environment, expected] of cases) {
    const { code, stderr } = await setup(environment);
    assert.equal(code, 1);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /\n {4}at /);
    assert(!existsSync(join(folder, '.setup-lock')));
  }
});

test('a folder that cannot be written is reported', async (t) => {
  const { folder, setup } = await project(t);
  chmodSync(folder, 0o555);
  // Root may write anywhere, so there the user "nobody" is asked.
  const { code, stderr } = await setup({}, process.getuid?.() === 0 ? 65_534 : undefined);
  chmodSync(folder, 0o700);
  assert.equal(code, 1);
  assert.match(stderr, /No permission to write into/);
});

test('bin/sello runs through links from anywhere, and says what to do when nothing is installed', async (t) => {
  const { folder, setup } = await project(t);
  const run = (command: string, ...args: string[]) =>
    new Promise<{ code: number | null; output: string }>((resolve) => {
      const child = spawn(command, args, { cwd: '/', env: { PATH: '/usr/bin:/bin' } });
      let output = '';
      child.stdout.on('data', (text) => {
        output += text;
      });
      child.stderr.on('data', (text) => {
        output += text;
      });
      child.on('close', (code) => resolve({ code, output }));
    });
  const missing = await run(join(folder, 'bin/sello'), '--version');
  assert.equal(missing.code, 3);
  assert.match(missing.output, /not installed yet\. Run: \(cd '.*' && node scripts\/setup.mjs\)/);

  await setup();
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src/main.ts'), 'process.stdout.write(JSON.stringify(process.argv.slice(2)));');
  symlinkSync(join(folder, 'node_modules/.bin/sello'), join(folder, 'elsewhere'));
  for (const path of ['bin/sello', 'node_modules/.bin/sello', 'elsewhere']) {
    assert.deepEqual(await run(join(folder, path), 'a b', '--c'), { code: 0, output: '["a b","--c"]' });
  }
});

/** What the bundler is replaced by: it copies one source, or fails where that says so. */
const BUNDLER = `const fs = require('node:fs');
const out = process.argv[process.argv.indexOf('--outDir') + 1];
const text = fs.readFileSync('web/page.html', 'utf8');
if (text === 'broken') { console.error('page.html:1: a mistake'); process.exit(1); }
fs.mkdirSync(out, { recursive: true });
fs.writeFileSync(out + '/index.html', text);
`;

test('the pages are built when missing or stale; a failed build is reported and keeps the old pages', async (t) => {
  const { folder, setup, calls } = await project(t);
  await setup();
  for (const name of ['web', 'src/domain/money', 'node_modules/vite/bin']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  for (const name of ['web/vite.config.ts', 'src/limits.ts', 'src/domain/money/amount.ts']) {
    writeFileSync(join(folder, name), '');
  }
  writeFileSync(join(folder, 'node_modules/vite/bin/vite.js'), BUNDLER);
  writeFileSync(join(folder, 'web/page.html'), 'first');
  const built = () => readFileSync(join(folder, 'web/dist/index.html'), 'utf8');

  const first = await setup();
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^Building the web pages.*\nBuilt in \d+ s\.\n$/);
  assert.equal(built(), 'first');
  assert.equal((await setup()).stderr, '');

  writeFileSync(join(folder, 'web/page.html'), 'broken');
  const broken = await setup();
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /The web pages cannot be built\.\npage\.html:1: a mistake/);
  assert.equal(built(), 'first');

  writeFileSync(join(folder, 'web/page.html'), 'second');
  await setup();
  assert.equal(built(), 'second');

  // A module of the server that the pages share.
  writeFileSync(join(folder, 'src/domain/money/amount.ts'), '// changed');
  assert.match((await setup()).stderr, /Built in/);
  assert.equal(calls().length, 1);
  assert.deepEqual(readdirSync(join(folder, 'web')).sort(), ['dist', 'page.html', 'vite.config.ts']);
});

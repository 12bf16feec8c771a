/*
 * Goal: the commands in the READMEs work and print what the READMEs show.
 * Method: their `sh` blocks are run in order, in one shell, in a folder that looks like a fresh clone, against a server
 * started as `npm start` starts it; what each prints is compared with the `text` block that follows it. README.md is
 * run with the machine's own nc, oathtool and openssl where it has them, README.es.md always with the stand-ins, so
 * that both are tried.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SERVER_NODE_OPTIONS } from '../../bench/sizes.ts';
import { temporaryFolder } from '../services/application.ts';
import { environment, isInstalled, layClone, layStandIns, portLike, ROOT, runBlocks } from './machine.ts';
import { type Block, fencedBlocks } from './markdown.ts';
import { isShown } from './shown-output.ts';
import { STAND_INS } from './stand-in.ts';

const TCP_PORT = 11_002;
const HTTP_PORT = 8_080;
const SESSION_TIME_MS = 120_000;
/** What the documents print for the folder that the reader has cloned into. */
const FOLDER_SHOWN = '/home/you/sello';

/** Whole blocks that are not run here: what they run is run elsewhere. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  // Started here by what package.json says it is.
  'npm start': 'test/docs/readme.test.ts',
  // On a container engine, by continuous integration.
  'cd deploy\ndocker compose -f compose.quick.yaml up\ndocker compose --profile demo up':
    'test/deploy/compose.check.ts',
  // By continuous integration.
  'npm test': '.ci/run',
  'npm run demo': 'test/demo/demo.test.ts',
  'npm run bench': 'bench/main.ts',
};

const READMES = [
  { file: 'README.md', language: 'en', standIns: STAND_INS.filter((tool) => !isInstalled(tool)) },
  { file: 'README.es.md', language: 'es', standIns: STAND_INS },
] as const;

describe('the READMEs', { concurrency: true }, () => {
  for (const { file, language, standIns } of READMES) {
    test(`every command of ${file} does what it says`, async (t) => {
      if (standIns.length > 0) t.diagnostic(`${file}: ${standIns.join(', ')} by a stand-in`);
      const folder = realpathSync(await temporaryFolder(t));
      layClone(folder);
      const env = environment(folder, layStandIns(folder, standIns), language);
      const blocks = fencedBlocks(readFileSync(join(ROOT, file), 'utf8'));
      const server = await startServer({ folder, env });
      try {
        const { ports, banner } = server;
        const steps = stepsOf(blocks);
        const [start, ...others] = steps.filter(({ command }) => command.text === 'npm start');
        assert.ok(start?.shown && others.length === 0, 'the start is shown, once');
        assertShown(file, start.shown, asDocumented(banner, folder, ports));

        const run = steps.filter(({ command }) => !(command.text in RUN_ELSEWHERE));
        const commands = run.map(({ command }) => withPorts(command.text, ports));
        const printed = await runBlocks(commands, { folder, env, timeMs: SESSION_TIME_MS });
        run.forEach(({ command, shown }, index) => {
          const output = asDocumented(printed[index] ?? '', folder, ports);
          assertShown(file, shown ?? { ...command, text: '' }, output);
        });
      } finally {
        await server.stop();
      }
    });
  }
});

test('what the READMEs do not run here is run elsewhere', () => {
  for (const path of Object.values(RUN_ELSEWHERE)) assert.ok(existsSync(join(ROOT, path)), path);
  assert.match(readFileSync(join(ROOT, '.ci/run'), 'utf8'), /npm test/);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  // What is started is what was measured.
  const started = `node_modules/.bin/node ${SERVER_NODE_OPTIONS.join(' ')} src/main.ts serve`;
  assert.ok(scripts.start.endsWith(started), scripts.start);
});

test('both READMEs give the same commands', () => {
  const commands = READMES.map(({ file }) =>
    fencedBlocks(readFileSync(join(ROOT, file), 'utf8'))
      .filter(({ language }) => language === 'sh')
      .map(({ text }) => text),
  );
  assert.deepEqual(commands[0], commands[1]);
});

test('the comparison distinguishes the printed output from any other', () => {
  const nonce = 'ca6cf1d341744c1ab2907267ba13053ddaba10f580a6f7c78a3141a6fa928a57';
  const other = nonce.replaceAll('a', 'b');
  assert.ok(isShown(`{"status":"OK","nonce":"${nonce}"}`, `{"status":"OK","nonce":"${other}"}\n`));
  assert.ok(
    isShown(`{"status":"OK","nonce":"${nonce.slice(0, 12)}…"}`, `{"status":"OK","nonce":"${other}"}`),
  );
  assert.ok(isShown('first\n…\nlast', 'first\nsecond\nthird\nlast\n'));
  assert.ok(!isShown('{"status":"OK"}', '{"status":"ERROR"}'));
  assert.ok(!isShown(`{"nonce":"${nonce}"}`, '{"nonce":""}'));
  assert.ok(!isShown('first\nlast', 'first\nsecond\nlast'));
  assert.ok(!isShown('first', 'first\nsecond'));
  assert.ok(!isShown('', 'something'));
  assert.ok(!isShown('a.c', 'abc'));
});

interface Step {
  readonly command: Block;
  /** What it prints; `undefined`: nothing. */
  readonly shown: Block | undefined;
}

function stepsOf(blocks: readonly Block[]): readonly Step[] {
  return blocks.flatMap((command, index) => {
    const next = blocks[index + 1];
    if (command.language !== 'sh') return [];
    return [{ command, shown: next?.language === 'text' ? next : undefined }];
  });
}

function assertShown(file: string, shown: Block, printed: string): void {
  if (isShown(shown.text, printed)) return;
  // Both whole: the one is to be corrected by the other.
  assert.fail(`${file}:${shown.line} shows\n${shown.text}\n\nbut this was printed:\n${printed}`);
}

interface Ports {
  readonly tcp: number;
  readonly http: number;
}

function withPorts(text: string, { tcp, http }: Ports): string {
  return text.replaceAll(`${TCP_PORT}`, `${tcp}`).replaceAll(`${HTTP_PORT}`, `${http}`);
}

function asDocumented(text: string, folder: string, { tcp, http }: Ports): string {
  return text
    .replaceAll(folder, FOLDER_SHOWN)
    .replaceAll(`:${tcp}`, `:${TCP_PORT}`)
    .replaceAll(`:${http}`, `:${HTTP_PORT}`);
}

interface Started {
  readonly banner: string;
  readonly ports: Ports;
  stop(): Promise<void>;
}

/** As `npm start` does, on the ports that the documents name where they are free. */
async function startServer(where: { folder: string; env: NodeJS.ProcessEnv }): Promise<Started> {
  const documented = { tcp: await portLike(TCP_PORT), http: await portLike(HTTP_PORT) };
  try {
    return await startServerOn(documented, where);
  } catch (error) {
    // Taken since it was looked at: the other README may be under way.
    if (!(error instanceof Error && /in use/.test(error.message))) throw error;
    // The start that was refused has made the folder: this one is to be a first start.
    rmSync(join(where.folder, 'data'), { recursive: true, force: true });
    return startServerOn({ tcp: await portLike(0), http: await portLike(0) }, where);
  }
}

async function startServerOn(
  ports: Ports,
  { folder, env }: { folder: string; env: NodeJS.ProcessEnv },
): Promise<Started> {
  const flags = ['--tcp-port', `${ports.tcp}`, '--http-port', `${ports.http}`];
  const node = join('node_modules', '.bin', 'node');
  const server = spawn(node, ['src/main.ts', 'serve', ...flags], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(server, 'exit');
  let banner = '';
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await new Promise<void>((resolve, reject) => {
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      banner += text;
      if (banner.includes('Ctrl-C')) resolve();
    });
    exited.then(([code]) => reject(new Error(`the server ended with ${code}: ${log}`)), reject);
  });
  return {
    banner,
    ports,
    stop: async () => {
      server.kill('SIGTERM');
      await exited;
    },
  };
}

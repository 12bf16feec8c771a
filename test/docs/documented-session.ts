/*
 * Runs the commands of a document against a server started as `npm start` starts it, and compares what they print with
 * what the document shows.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../services/application.ts';
import { environment, layClone, layStandIns, portLike, ROOT, runBlocks } from './machine.ts';
import { type Block, fencedBlocks } from './markdown.ts';
import { isShown } from './shown-output.ts';
import type { STAND_INS } from './stand-in.ts';

const TCP_PORT = 11_002;
const HTTP_PORT = 8_080;
const SESSION_TIME_MS = 120_000;
/** What the documents print for the folder that the reader has cloned into. */
const FOLDER_SHOWN = '/home/you/sello';

export interface DocumentedSession {
  /** From the project's folder. */
  readonly file: string;
  readonly language: 'en' | 'es';
  readonly standIns: readonly (typeof STAND_INS)[number][];
  /** Whether a block is not run here. */
  isElsewhere(text: string): boolean;
}

/** Runs every `sh` block in order, in one shell, in a folder that looks like a fresh clone. A block `npm start` is the start. */
export async function runDocument(
  t: TestContext,
  { file, language, standIns, isElsewhere }: DocumentedSession,
): Promise<void> {
  if (standIns.length > 0) t.diagnostic(`${file}: ${standIns.join(', ')} by a stand-in`);
  const folder = realpathSync(await temporaryFolder(t));
  layClone(folder);
  const env = environment(folder, layStandIns(folder, standIns), language);
  const steps = stepsOf(fencedBlocks(readFileSync(join(ROOT, file), 'utf8')));
  const server = await startServer({ folder, env });
  try {
    const { ports, banner } = server;
    const [start, ...others] = steps.filter(({ command }) => command.text === 'npm start');
    assert.ok(start && others.length === 0, `${file}: the start is shown, once`);
    if (start.shown) assertShown(file, start.shown, asDocumented(banner, folder, ports));

    const run = steps.filter(({ command }) => command !== start.command && !isElsewhere(command.text));
    const commands = run.map(({ command }) => withPorts(command.text, ports));
    const printed = await runBlocks(commands, { folder, env, timeMs: SESSION_TIME_MS });
    run.forEach(({ command, shown }, index) => {
      const output = asDocumented(printed[index] ?? '', folder, ports);
      assertShown(file, shown ?? { ...command, text: '' }, output);
    });
  } finally {
    await server.stop();
  }
}

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

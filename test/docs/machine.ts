/*
 * A reader's machine, for the tests that run the commands of documents: a fresh clone, stand-ins for tools, free
 * ports.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { STAND_INS } from './stand-in.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STAND_IN = fileURLToPath(new URL('./stand-in.ts', import.meta.url));
/** What a reader's clone has that this one's tests make. */
const NOT_CLONED = new Set(['.git', '.gitignore', 'data', 'coverage', 'dist', '.setup-lock']);

/** A folder that looks like a fresh clone after its first start. Everything in it is the project's own, by link. */
export function layClone(folder: string): void {
  for (const name of readdirSync(ROOT)) {
    if (!NOT_CLONED.has(name)) symlinkSync(join(ROOT, name), join(folder, name));
  }
}

export function isInstalled(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
}

/** A folder of commands that stand in for some tools. @returns its path, for the front of PATH */
export function layStandIns(folder: string, tools: readonly (typeof STAND_INS)[number][]): string {
  const commands = join(folder, 'commands');
  mkdirSync(commands);
  for (const tool of tools) {
    const path = join(commands, tool);
    writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${STAND_IN}' ${tool} "$@"\n`);
    chmodSync(path, 0o755);
  }
  return commands;
}

/** What a person's shell has, and nothing that this machine's own settings add. */
export function environment(folder: string, commands: string, language: string): NodeJS.ProcessEnv {
  return {
    PATH: [commands, process.env.PATH].join(delimiter),
    // npx keeps its cache there.
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    SELLO_LANGUAGE: language,
    npm_config_update_notifier: 'false',
  };
}

/** The port that the documents name where it is free, another one elsewhere. */
export function portLike(documented: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => portLike(0).then(resolve));
    server.listen(documented, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : documented));
    });
  });
}

/**
 * Runs blocks one after the other in one shell, as a person pastes them into a terminal.
 * @returns what each printed, standard error with standard output
 */
export async function runBlocks(
  blocks: readonly string[],
  { folder, env, timeMs }: { folder: string; env: NodeJS.ProcessEnv; timeMs: number },
): Promise<readonly string[]> {
  const end = (index: number) => `=== end of block ${index} ===`;
  const script = join(folder, 'session.sh');
  const parts = blocks.map((block, index) => `${block}\nprintf '\\n%s\\n' '${end(index)}'\n`);
  writeFileSync(script, `exec 2>&1\n${parts.join('')}`);
  // A process group of its own, so that what runs in the background can be ended with it.
  const child = spawn('sh', [script], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const endGroup = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  const timer = setTimeout(endGroup, timeMs);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    // What still runs in the background would keep the pipe open.
    if (output.includes(end(blocks.length - 1))) endGroup();
  });
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);

  let rest = output;
  return blocks.map((block, index) => {
    const [printed = '', ...after] = rest.split(`\n${end(index)}\n`);
    if (after.length === 0) throw new Error(`the session ended in:\n${block}\nafter printing:\n${rest}`);
    rest = after.join(`\n${end(index)}\n`);
    return printed;
  });
}

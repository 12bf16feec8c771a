// Runs Python with packages of PyPI, in an environment that is kept in the cache of the user.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALL_TIME_MS = 120_000;

/** @returns what runs a program with an input, to its output; undefined where it cannot be had: then the test is skipped */
export async function pythonWith(
  t: Pick<TestContext, 'skip'>,
  ...packages: string[]
): Promise<((program: string, input: string) => Promise<string>) | undefined> {
  const folder = join(homedir(), '.cache', 'sello', `python-${packages.join('-').replaceAll('==', '-')}`);
  try {
    if (!existsSync(folder)) await install(folder, packages);
  } catch (error) {
    t.skip(`no ${packages.join(', ')} from PyPI: ${String((error as Error).message).slice(0, 200)}`);
    return undefined;
  }
  return (program, input) =>
    new Promise((resolve, reject) => {
      const child = spawn(join(folder, 'bin', 'python3'), ['-c', program], {
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk) => {
        out += chunk;
      });
      child.stderr.on('data', (chunk) => {
        err += chunk;
      });
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(err))));
      child.stdin.end(input);
    });
}

/** Whole or not at all: another run may install the same. */
async function install(folder: string, packages: readonly string[]): Promise<void> {
  const made = `${folder}.${process.pid}`;
  await mkdir(join(folder, '..'), { recursive: true });
  try {
    await run('python3', ['-m', 'venv', '--copies', made], { timeout: INSTALL_TIME_MS });
    const pip = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...packages];
    await run(join(made, 'bin', 'python3'), pip, { timeout: INSTALL_TIME_MS });
    await rename(made, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

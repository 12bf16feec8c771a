// Runs `sello` as a process and returns its output.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const RUN_TIME_MAX_MS = 60_000;

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** For commands that run until they are stopped: by SIGTERM, so long after its first output. */
  readonly stopAfterMs?: number;
}

/** Runs the real command as a process of its own, in English and with nothing of the tester's environment. */
export function sello(
  args: readonly string[],
  { stdin = '', environment = {}, folder = '/', stopAfterMs }: RunOptions = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...environment },
      timeout: RUN_TIME_MAX_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    if (stopAfterMs !== undefined)
      child.stdout.once('data', () => setTimeout(() => child.kill('SIGTERM'), stopAfterMs));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // A command that reads nothing may be gone before all is written.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
  });
}

// biome-ignore lint/suspicious/noExplicitAny: what a command prints is looked into by its own test
type Json = any;

/** With `--json`; fails unless it ended with `code`. */
export async function selloJson(
  args: readonly string[],
  options: RunOptions & { readonly code?: number } = {},
): Promise<Json> {
  const run = await sello([...args, '--json'], options);
  const { code = 0 } = options;
  if (run.code !== code)
    throw new Error(`sello ${args.join(' ')} ended with ${run.code}: ${run.stdout}${run.stderr}`);
  return JSON.parse(code === 0 || run.stdout !== '' ? run.stdout : run.stderr);
}

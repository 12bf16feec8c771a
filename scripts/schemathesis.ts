// Installs Schemathesis (PyPI) once into ~/.cache/sello, for test/e2e/http-schemathesis.test.ts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const VERSION = '4.32.5';
const INSTALL_TIME_MS = 240_000;

/** Installs Schemathesis unless it is installed. @returns the program's path, or the reason why there is none */
export function installSchemathesis(): { readonly path: string } | { readonly missing: string } {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'sello', `schemathesis-${VERSION}`);
  const path = join(folder, 'bin', 'schemathesis');
  if (existsSync(join(folder, 'installed'))) return { path };
  mkdirSync(join(cache, 'sello'), { recursive: true });
  // The programs of a venv contain its path, so it is created in its final place. A broken attempt is replaced.
  rmSync(folder, { recursive: true, force: true });
  const made = run('python3', ['-m', 'venv', folder]);
  if (made !== undefined) return { missing: `no python3 with venv: ${made}` };
  const marker = join(folder, 'installing');
  mkdirSync(marker);
  const installed = run(join(folder, 'bin', 'pip'), [
    ...['install', '--quiet', '--disable-pip-version-check', '--no-input'],
    `schemathesis==${VERSION}`,
  ]);
  if (installed !== undefined)
    return { missing: `pip could not install schemathesis ${VERSION}: ${installed}` };
  renameSync(marker, join(folder, 'installed'));
  return { path };
}

/** Runs a program. @returns the reason if it failed */
function run(program: string, given: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(program, given, { encoding: 'utf8', timeout: INSTALL_TIME_MS });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim().split('\n').at(-1) || `it ended with ${status}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const installed = installSchemathesis();
  process.stdout.write(`${'path' in installed ? installed.path : installed.missing}\n`);
  process.exitCode = 'path' in installed ? 0 : 1;
}

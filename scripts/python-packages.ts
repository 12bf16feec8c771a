// Installs packages of PyPI once into ~/.cache/sello, in a virtual environment of their own, for tests that run them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const INSTALL_TIME_MS = 240_000;

/**
 * @param name of the folder, with the version in it
 * @returns the folder of its programs, `python` among them, or the reason why there is none
 */
export function installPythonPackages(
  name: string,
  packages: readonly string[],
): { readonly programs: string } | { readonly missing: string } {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'sello', name);
  const programs = join(folder, 'bin');
  if (existsSync(join(folder, 'installed'))) return { programs };
  mkdirSync(join(cache, 'sello'), { recursive: true });
  // The programs of a venv contain its path, so it is created in its final place. A broken attempt is replaced.
  rmSync(folder, { recursive: true, force: true });
  const made = run('python3', ['-m', 'venv', folder]);
  if (made !== undefined) return { missing: `no python3 with venv: ${made}` };
  const marker = join(folder, 'installing');
  mkdirSync(marker);
  const installed = run(join(programs, 'pip'), [
    ...['install', '--quiet', '--disable-pip-version-check', '--no-input'],
    ...packages,
  ]);
  if (installed !== undefined)
    return { missing: `pip could not install ${packages.join(' ')}: ${installed}` };
  renameSync(marker, join(folder, 'installed'));
  return { programs };
}

/** Runs a program. @returns the reason if it failed */
function run(program: string, given: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync(program, given, { encoding: 'utf8', timeout: INSTALL_TIME_MS });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim().split('\n').at(-1) || `it ended with ${status}`);
}

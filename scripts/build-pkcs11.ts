// `npm run build:pkcs11`: compiles the native module of the package pkcs11js, which talks to an HSM. Calls the C++
// compiler once, with the headers of the package node-api-headers. node-gyp would fetch Node's headers over the network.
// Nothing is compiled at installation, so that a machine without a compiler can install the server.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const folder = join(modules, 'pkcs11js');
const SOURCES = ['src/dl.cpp', 'src/common.cpp', 'src/main.cpp'];
const DARWIN = ['-undefined', 'dynamic_lookup'];

/** The path where pkcs11js looks for its native module. */
export const PKCS11_MODULE_FILE = join(folder, 'build', 'Release', 'pkcs11.node');

/**
 * Compiles the module unless it exists (about 3 s). Concurrent calls do no harm.
 * @throws Error naming what is missing
 *
 * Why: docs/DECISIONS.md#pkcs11js-is-compiled-on-demand
 */
export function buildPkcs11(): 'built' | 'there' {
  if (existsSync(PKCS11_MODULE_FILE)) return 'there';
  if (!existsSync(folder)) throw new Error('The package pkcs11js is not installed. Run: npm ci');
  const compiler = process.env.CXX || 'g++';
  mkdirSync(dirname(PKCS11_MODULE_FILE), { recursive: true });
  const made = `${PKCS11_MODULE_FILE}.${process.pid}`;
  const { status, error, stderr } = spawnSync(
    compiler,
    [
      ...['-shared', '-fPIC', '-O2', '-std=c++17', '-w'],
      ...(process.platform === 'darwin' ? DARWIN : []),
      ...['-DNODE_GYP_MODULE_NAME=pkcs11', '-DBUILDING_NODE_EXTENSION', '-DNAPI_DISABLE_CPP_EXCEPTIONS'],
      ...[`-I${join(modules, 'node-api-headers', 'include')}`, '-Iincludes'],
      ...SOURCES,
      ...['-o', made],
    ],
    { cwd: folder, encoding: 'utf8' },
  );
  if (error) {
    throw new Error(
      `There is no C++ compiler "${compiler}" (${error.message}). On Debian: apt-get install g++; elsewhere name it in CXX.`,
    );
  }
  if (status !== 0) {
    rmSync(made, { force: true });
    throw new Error(`${compiler} failed:\n${stderr.trim().split('\n').slice(0, 12).join('\n')}`);
  }
  renameSync(made, PKCS11_MODULE_FILE);
  return 'built';
}

if (import.meta.main) {
  try {
    const outcome = buildPkcs11();
    process.stdout.write(`${PKCS11_MODULE_FILE}: ${outcome === 'built' ? 'built' : 'already there'}\n`);
  } catch (error) {
    process.stderr.write(`build:pkcs11: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

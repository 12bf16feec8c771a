// Installs Schemathesis (PyPI) once into ~/.cache/sello, for test/e2e/http-schemathesis.check.ts.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installPythonPackages } from './python-packages.ts';

const VERSION = '4.32.5';

/** Installs Schemathesis unless it is installed. @returns the program's path, or the reason why there is none */
export function installSchemathesis(): { readonly path: string } | { readonly missing: string } {
  const installed = installPythonPackages(`schemathesis-${VERSION}`, [`schemathesis==${VERSION}`]);
  return 'programs' in installed ? { path: join(installed.programs, 'schemathesis') } : installed;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const installed = installSchemathesis();
  process.stdout.write(`${'path' in installed ? installed.path : installed.missing}\n`);
  process.exitCode = 'path' in installed ? 0 : 1;
}

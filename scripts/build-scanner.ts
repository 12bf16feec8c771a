/** Compiles the scanner of surrogates to WebAssembly: `node scripts/build-scanner.ts [OUTPUT]`. A test compares. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const [output = path('../src/surrogates/scan/scanner.wasm')] = process.argv.slice(2);
execFileSync(
  process.execPath,
  [
    path('../node_modules/assemblyscript/bin/asc.js'),
    path('../src/surrogates/scan/assembly/scanner.ts'),
    ...[
      '--outFile',
      output,
      '--runtime=stub',
      '--noAssert',
      '--optimizeLevel=3',
      '--shrinkLevel=0',
      '--converge',
    ],
    ...['--enable=simd', '--enable=bulk-memory', '--use=abort='],
  ],
  { stdio: 'inherit' },
);

import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// In the installation and not in a shared temporary folder: the cached code is executed.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/sello', import.meta.url)));

const { run } = await import('./cli/program.ts');
process.exitCode = await run(process.argv.slice(2));

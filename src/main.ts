import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Beside the modules and not in a shared folder for temporary files: what is cached there is run.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/sello', import.meta.url)));

const { run } = await import('./cli/program.ts');
process.exitCode = await run(process.argv.slice(2));

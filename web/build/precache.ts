import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Plugin, Rolldown } from 'vite';

const PLACE = '__PRECACHE__';

type Bundle = Rolldown.OutputBundle;

/**
 * Replaces `'__PRECACHE__'` in the service worker by JSON text: `{"version", "files"}` with the addresses of the
 * page's files and a digest that changes with any of them. The worker declares `const PRECACHE = '__PRECACHE__';`.
 */
export function precache({
  page,
  worker,
  publicFiles,
  publicDir,
}: {
  readonly page: string;
  readonly worker: string;
  /** Files that the build copies as they are, and the folder that they are copied from. */
  readonly publicFiles: readonly string[];
  readonly publicDir: string;
}): Plugin {
  return {
    name: 'sello:precache',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const chunk = bundle[worker];
        if (chunk?.type !== 'chunk') return;
        const files = [...filesOf(bundle, page)].sort();
        const digest = createHash('sha256');
        for (const name of files) {
          const file = bundle[name];
          digest.update(name).update(file?.type === 'chunk' ? file.code : (file?.source ?? ''));
        }
        digest.update(chunk.code);
        for (const path of publicFiles) digest.update(readFileSync(path));
        const copied = publicFiles.map((path) => `/${relative(publicDir, path)}`);
        const addresses = ['/token', ...files.map((name) => `/${name}`), ...copied];
        const text = JSON.stringify({ version: digest.digest('hex').slice(0, 16), files: addresses });
        chunk.code = chunk.code.replace(PLACE, text.replaceAll("'", "\\'").replaceAll('"', '\\"'));
      },
    },
  };
}

/** The page's scripts and styles, including those that it loads later. */
function filesOf(bundle: Bundle, page: string): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (name: string) => {
    if (names.has(name)) return;
    names.add(name);
    const file = bundle[name];
    if (file?.type !== 'chunk') return;
    for (const imported of [...file.imports, ...file.dynamicImports]) add(imported);
    for (const style of file.viteMetadata?.importedCss ?? []) names.add(style);
    for (const asset of file.viteMetadata?.importedAssets ?? []) names.add(asset);
  };
  for (const file of Object.values(bundle)) {
    if (file.type === 'chunk' && file.facadeModuleId?.endsWith(page)) add(file.fileName);
  }
  return names;
}

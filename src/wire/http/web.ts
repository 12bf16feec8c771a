import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { LIMITS } from '../../limits.ts';
import { acceptedEncodings } from './accepted-encodings.ts';
import { WEB_TYPES, webHeaders } from './web-headers.ts';

export const WEB_FOLDER = fileURLToPath(new URL('../../../web/dist', import.meta.url));

const COMPRESSED = /^(text\/|application\/(json|manifest)|image\/svg)/;

const NOT_BUILT = `The pages are not built.
Las páginas no están compiladas.

  npm run build:web

The API goes on without them: /docs
La API sigue sin ellas: /docs
`;

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer | undefined;
}

interface WebFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
  readonly encoded: Map<Encoding, Promise<Buffer>>;
}
type Encoding = 'br' | 'gzip';

/**
 * Serves the built pages from memory. Looks paths up exactly among the files read, so that no path leads out of the
 * folder. Reads the files again after a new build.
 *
 * Why: docs/DECISIONS.md#the-built-pages-are-served-from-memory
 */
export class WebPages {
  readonly #folder: string;
  #files: ReadonlyMap<string, WebFile> = new Map();
  #builtAt = Number.NaN;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;

  constructor(folder: string = WEB_FOLDER) {
    this.#folder = folder;
  }

  /** @returns undefined when the path does not belong to the pages */
  async answer(
    path: string,
    headers: { readonly acceptEncoding?: string | undefined; readonly ifNoneMatch?: string | undefined },
  ): Promise<WebAnswer | undefined> {
    await this.#look();
    const page = pageOf(path);
    const name = page ?? path.slice(1);
    const file = this.#files.get(name);
    if (!file) {
      return page !== undefined && !this.#files.has(page)
        ? {
            status: 503,
            headers: { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '60' },
            bytes: Buffer.from(NOT_BUILT),
          }
        : undefined;
    }
    const common = webHeaders(path, file);
    if (headers.ifNoneMatch?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === file.etag)) {
      return { status: 304, headers: common, bytes: undefined };
    }
    const encoding = COMPRESSED.test(file.type) ? acceptedEncodings(headers.acceptEncoding) : undefined;
    if (!encoding) return { status: 200, headers: common, bytes: file.bytes };
    const bytes = await encoded(file, encoding);
    return { status: 200, headers: { ...common, 'content-encoding': encoding }, bytes };
  }

  #look(): Promise<void> {
    if (performance.now() - this.#lookedAt < LIMITS.webRescanMs) return Promise.resolve();
    this.#looking ??= this.#lookNow().finally(() => {
      this.#lookedAt = performance.now();
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    const builtAt = await stat(join(this.#folder, 'index.html')).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.NaN,
    );
    if (Object.is(builtAt, this.#builtAt)) return;
    this.#files = Number.isNaN(builtAt) ? new Map() : await readFiles(this.#folder);
    this.#builtAt = builtAt;
  }
}

/** The page that a path shows. @returns undefined for a path that names a file by its extension */
function pageOf(path: string): string | undefined {
  if (path === '/') return 'index.html';
  const [, part] = /^\/(console|token|verify)(?:\/[^.]*)?$/.exec(path) ?? [];
  return part === undefined ? undefined : `${part}/index.html`;
}

function encoded(file: WebFile, encoding: Encoding): Promise<Buffer> {
  let bytes = file.encoded.get(encoding);
  if (!bytes) {
    bytes =
      encoding === 'br'
        ? brotli(file.bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
        : gzipped(file.bytes, { level: 9 });
    file.encoded.set(encoding, bytes);
  }
  return bytes;
}

async function readFiles(folder: string): Promise<ReadonlyMap<string, WebFile>> {
  const files = new Map<string, WebFile>();
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of found) {
    const path = join(entry.parentPath, entry.name);
    const type = WEB_TYPES[extname(entry.name)];
    // Symbolic links and files of other types are not served.
    if (!entry.isFile() || !type || files.size >= LIMITS.webFilesMax) continue;
    const bytes = await readFile(path);
    if (bytes.length > LIMITS.webFileBytesMax) continue;
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    files.set(relative(folder, path).split(sep).join('/'), { type, bytes, etag, encoded: new Map() });
  }
  // The build has compressed some files already.
  for (const [name, file] of files) {
    for (const [encoding, ending] of [
      ['br', '.br'],
      ['gzip', '.gz'],
    ] as const) {
      const ready = await readFile(join(folder, `${name}${ending}`)).catch(() => undefined);
      if (ready && ready.length <= LIMITS.webFileBytesMax) file.encoded.set(encoding, Promise.resolve(ready));
    }
  }
  return files;
}

import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseExportLine } from '../../domain/journal/export-line.ts';
import { LIMITS } from '../../limits.ts';
import {
  type ArchiveFile,
  ArchiveUnreadable,
  BUNDLE_ENTRIES,
  type JournalArchive,
} from '../../ports/journal-archive.ts';
import { gunzipMember, gzipMember, MEMBER_HEAD_BYTES, memberLength } from './gzip-members.ts';

const NAME = /^journal-(\d{12})-(\d{12})\.ndjson\.gz$/;
const SUMS = 'SHA256SUMS';

/**
 * The archive as files in a folder, `journal-FIRST-LAST.ndjson.gz`, a gzip member a bundle, so that one entry is read without
 * inflating the file. `SHA256SUMS` lists the files, as `sha256sum --check` reads it.
 */
export class ArchiveFolder implements JournalArchive {
  readonly place: string;
  /** Where each bundle of a file begins, for the files read last. */
  readonly #offsets = new Map<string, readonly number[]>();
  /** The bundles read last, by file and number. */
  readonly #bundles = new Map<string, readonly string[]>();
  /** Which version of a file was seen last, and when (performance.now). */
  readonly #seen = new Map<string, { readonly version: string; readonly at: number }>();
  #files: readonly ArchiveFile[] | undefined;
  #filesReadAt = Number.NEGATIVE_INFINITY;

  constructor(path: string) {
    this.place = path;
  }

  async files(): Promise<readonly ArchiveFile[]> {
    let names: readonly string[];
    try {
      names = await readdir(this.place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      names = [];
    }
    const files = names.flatMap((name): readonly ArchiveFile[] => {
      const [, first, last] = NAME.exec(name) ?? [];
      return first === undefined ? [] : [{ name, first: Number(first), end: Number(last) + 1 }];
    });
    this.#files = files.sort((a, b) => a.first - b.first || a.end - b.end);
    this.#filesReadAt = performance.now();
    return this.#files;
  }

  async write(
    { first, end }: { first: number; end: number },
    bundles: AsyncIterable<readonly string[]>,
  ): Promise<ArchiveFile> {
    await mkdir(this.place, { recursive: true, mode: 0o700 });
    const name = `journal-${twelve(first)}-${twelve(end - 1)}.ndjson.gz`;
    const part = join(this.place, `${name}.part`);
    const sum = createHash('sha256');
    const file = await open(part, 'w', 0o600);
    try {
      for await (const lines of bundles) {
        const member = gzipMember(`${lines.join('\n')}\n`);
        sum.update(member);
        await file.writeFile(member);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, join(this.place, name));
    this.#forget(name);
    await this.#writeSums(name, sum.digest('hex'));
    return { name, first, end };
  }

  async *read({ name }: ArchiveFile): AsyncGenerator<readonly string[]> {
    const file = await open(join(this.place, name), 'r');
    try {
      const offsets = await offsetsOf(file, name);
      for (const at of offsets.slice(0, -1).keys()) yield await readBundle(file, name, offsets, at);
    } finally {
      await file.close();
    }
  }

  async findBody(index: number): Promise<string | null | undefined> {
    const found = await this.#fileOf(index);
    if (!found) return undefined;
    const number = Math.floor((index - found.first) / BUNDLE_ENTRIES);
    const lines = await this.#bundle(found, number);
    if (!lines) return undefined;
    const line = lines[index - found.first - number * BUNDLE_ENTRIES];
    const entry = line === undefined ? undefined : parseExportLine(line);
    if (entry?.index !== index) throw damaged(found.name, `entry ${index} is not in its place`);
    return entry.body;
  }

  async #fileOf(index: number): Promise<ArchiveFile | undefined> {
    const holds = ({ first, end }: ArchiveFile) => first <= index && index < end;
    const known = this.#files?.find(holds);
    if (known || performance.now() - this.#filesReadAt < LIMITS.archiveLookMs) return known;
    return (await this.files()).find(holds);
  }

  /** @returns undefined where the file was taken away since the folder was looked through */
  async #bundle({ name }: ArchiveFile, number: number): Promise<readonly string[] | undefined> {
    await this.#dropChanged(name);
    const key = `${name}/${number}`;
    const known = this.#bundles.get(key);
    if (known) return known;
    const file = await open(join(this.place, name), 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      this.#forget(name);
    });
    if (!file) return undefined;
    try {
      const offsets = this.#offsets.get(name) ?? (await offsetsOf(file, name));
      remember(this.#offsets, name, offsets);
      const lines = await readBundle(file, name, offsets, number);
      remember(this.#bundles, key, lines);
      return lines;
    } finally {
      await file.close();
    }
  }

  /** Another server replaces a file when it erases somebody: what is in memory of the one before must not be shown for long. */
  async #dropChanged(name: string): Promise<void> {
    const seen = this.#seen.get(name);
    if (seen && performance.now() - seen.at < LIMITS.archiveFileLookMs) return;
    const found = await stat(join(this.place, name), { bigint: true }).catch(() => undefined);
    const version = found ? `${found.ino} ${found.mtimeNs} ${found.size}` : '';
    if (seen && seen.version !== version) this.#forget(name);
    remember(this.#seen, name, { version, at: performance.now() });
  }

  #forget(name: string): void {
    this.#files = undefined;
    this.#filesReadAt = Number.NEGATIVE_INFINITY;
    this.#offsets.delete(name);
    for (const key of this.#bundles.keys()) if (key.startsWith(`${name}/`)) this.#bundles.delete(key);
  }

  async #writeSums(name: string, sum: string): Promise<void> {
    const path = join(this.place, SUMS);
    const lines = new Map((await readText(path)).split('\n').map((line) => [line.slice(66), line]));
    lines.delete('');
    lines.set(name, `${sum}  ${name}`);
    const next = await open(`${path}.part`, 'w', 0o600);
    try {
      const names = [...lines.keys()].sort();
      await next.writeFile(names.map((each) => `${lines.get(each)}\n`).join(''));
      await next.sync();
    } finally {
      await next.close();
    }
    await rename(`${path}.part`, path);
    const folder = await open(this.place, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

/** Where each member begins, and where the last one ends. */
async function offsetsOf(file: FileHandle, name: string): Promise<readonly number[]> {
  const { size } = await file.stat();
  const head = Buffer.alloc(MEMBER_HEAD_BYTES);
  const offsets = [0];
  for (let at = 0; at < size; offsets.push(at)) {
    const { bytesRead } = await file.read(head, 0, MEMBER_HEAD_BYTES, at);
    const length = bytesRead === MEMBER_HEAD_BYTES ? memberLength(head) : undefined;
    if (length === undefined || at + length > size) throw damaged(name, `no bundle begins at byte ${at}`);
    at += length;
  }
  return offsets;
}

async function readBundle(
  file: FileHandle,
  name: string,
  offsets: readonly number[],
  number: number,
): Promise<readonly string[]> {
  const [from, to] = [offsets[number], offsets[number + 1]];
  if (from === undefined || to === undefined) throw damaged(name, `bundle ${number} is missing`);
  if (to - from > LIMITS.archiveBundleBytesMax) throw damaged(name, `bundle ${number} is too long`);
  const member = Buffer.alloc(to - from);
  await file.read(member, 0, member.length, from);
  const text = gunzipMember(member, LIMITS.archiveBundleBytesMax);
  if (text === undefined) throw damaged(name, `bundle ${number} is not what was written`);
  const lines = text.split('\n');
  lines.pop();
  return lines;
}

const KEPT = 8;

function remember<Value>(kept: Map<string, Value>, key: string, value: Value): void {
  kept.delete(key);
  kept.set(key, value);
  if (kept.size <= KEPT) return;
  for (const oldest of kept.keys()) {
    kept.delete(oldest);
    return;
  }
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function damaged(name: string, reason: string): ArchiveUnreadable {
  return new ArchiveUnreadable(`${name} of the archive is damaged: ${reason}; bring a copy of it back`);
}

function twelve(index: number): string {
  return String(index).padStart(12, '0');
}

import type { BigIntStats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type FileFormat, formatOf } from './formats.ts';
import { MANIFEST } from './manifest-name.ts';

/** A file to be read. */
export interface Input extends FileFormat {
  readonly path: string;
  /** Below the folder that is read, with `/`; the output has the same. */
  readonly name: string;
  readonly bytes: number;
  /** Changes when the file does. */
  readonly stamp: string;
}

/** An input that cannot be used at all. */
export class InputRefused extends Error {
  override name = 'InputRefused';
  readonly path: string;
  readonly reason: 'missing' | 'format' | 'empty';

  constructor(path: string, reason: 'missing' | 'format' | 'empty') {
    super(`${path}: ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

/**
 * Lists the files of a folder and those below it, sorted by name, or the one file. Hidden files are passed over; where
 * there is a manifest of FHIR Bulk Data, so is all that it does not name. @throws InputRefused
 */
export async function listInputs(path: string): Promise<readonly Input[]> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (!found) throw new InputRefused(path, 'missing');
  if (!found.isDirectory()) return [inputOf(path, basename(path), found)];
  const names = [...((await namedByManifest(path)) ?? (await namesIn(path)))].sort();
  if (names.length === 0) throw new InputRefused(path, 'empty');
  return Promise.all(
    names.map(async (name) =>
      inputOf(join(path, name), name, await stat(join(path, name), { bigint: true })),
    ),
  );
}

/** The files below a folder. */
async function namesIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(path, '/').length))
    .filter((name) => !/(^|\/)\./.test(name) && name !== MANIFEST);
}

/** What a manifest names as output, by relative URLs. @returns `undefined` without one */
async function namedByManifest(path: string): Promise<readonly string[] | undefined> {
  const text = await readFile(join(path, MANIFEST), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { output } = JSON.parse(text) as { output: readonly { url: string }[] };
    const names = output.map(({ url }) => decodeURIComponent(url));
    if (names.every((name) => !/^\/|(^|\/)\.\.?(\/|$)|^[a-z]+:/i.test(name))) return names;
  } catch {
    // Refused below.
  }
  throw new InputRefused(join(path, MANIFEST), 'format');
}

function inputOf(path: string, name: string, stats: BigIntStats): Input {
  const format = formatOf(name);
  if (!format || !stats.isFile()) throw new InputRefused(path, 'format');
  return { ...format, path, name, bytes: Number(stats.size), stamp: stampOf(stats) };
}

/** What tells that a file is the same as when it was listed. */
export function stampOf(stats: BigIntStats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}

import {
  closeSync,
  fsync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { MANIFEST } from './manifest-name.ts';

/** A folder cannot take a run's output. */
export class OutputRefused extends Error {
  override name = 'OutputRefused';
  readonly reason: 'in use' | 'not empty';

  constructor(folder: string, reason: 'in use' | 'not empty') {
    super(`${folder}: ${reason}`);
    this.reason = reason;
  }
}

const LOCK = '.sello-lock';
const PARTIAL = '.sello-partial-';
/** There while a run goes on, and after one that died: all in the folder is its work. */
const MARK = '.sello-unfinished';

const fsyncSoon = promisify(fsync);

/**
 * The folder that one run writes, and nobody else meanwhile. Files are written under hidden names and renamed once they
 * are on the disk; what a run that died has left under such names is removed.
 */
export class OutputFolder {
  readonly #path: string;
  readonly #lock: DatabaseSync;
  #partials = 0;
  readonly #open = new Map<number, string>();

  private constructor(path: string, lock: DatabaseSync) {
    this.#path = path;
    this.#lock = lock;
  }

  /** @throws OutputRefused when another run writes it, or something is there already */
  static open(path: string): OutputFolder {
    mkdirSync(path, { recursive: true });
    // SQLite's exclusive lock, which the kernel releases however the process ends.
    const lock = new DatabaseSync(join(path, LOCK), { timeout: 0 });
    try {
      lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      if (error instanceof Error && 'errcode' in error && error.errcode === 5)
        throw new OutputRefused(path, 'in use');
      throw error;
    }
    const found = readdirSync(path).filter((name) => name !== LOCK && name !== `${LOCK}-journal`);
    if (found.includes(MARK) && !found.includes(MANIFEST))
      for (const name of found) rmSync(join(path, name), { recursive: true });
    else if (found.length > 0) {
      rmSync(join(path, LOCK), { force: true });
      lock.close();
      throw new OutputRefused(path, 'not empty');
    }
    writeFileSync(join(path, MARK), '');
    return new OutputFolder(path, lock);
  }

  /** Opens a file under a hidden name. */
  create(): number {
    const partial = join(this.#path, `${PARTIAL}${this.#partials++}`);
    const file = openSync(partial, 'wx', 0o600);
    this.#open.set(file, partial);
    return file;
  }

  /** Makes a file durable and gives it its name. */
  async finish(file: number, name: string): Promise<void> {
    const partial = this.#open.get(file);
    if (partial === undefined) throw new Error('no such file');
    await fsyncSoon(file);
    closeSync(file);
    this.#open.delete(file);
    const path = join(this.#path, name);
    mkdirSync(dirname(path), { recursive: true });
    renameSync(partial, path);
  }

  /** Removes a file that is not finished. */
  discard(file: number): void {
    const partial = this.#open.get(file);
    if (partial === undefined) return;
    closeSync(file);
    rmSync(partial, { force: true });
    this.#open.delete(file);
  }

  async write(name: string, text: string): Promise<void> {
    const file = this.create();
    writeSync(file, text);
    await this.finish(file, name);
  }

  /** Writes the manifest, after which the run is done: all that it names is on the disk. */
  async complete(manifest: string, names: readonly string[]): Promise<void> {
    for (const folder of new Set(['.', ...names.map(dirname)])) this.#sync(folder);
    await this.write(MANIFEST, manifest);
    this.#sync('.');
    rmSync(join(this.#path, MARK), { force: true });
  }

  #sync(folder: string): void {
    const file = openSync(join(this.#path, folder), 'r');
    fsyncSync(file);
    closeSync(file);
  }

  /** Removes all that the run has written, which failed. */
  abandon(): void {
    for (const file of [...this.#open.keys()]) this.discard(file);
    for (const name of readdirSync(this.#path))
      if (name !== LOCK) rmSync(join(this.#path, name), { recursive: true, force: true });
  }

  close(): void {
    for (const file of [...this.#open.keys()]) this.discard(file);
    rmSync(join(this.#path, LOCK), { force: true });
    this.#lock.close();
  }
}

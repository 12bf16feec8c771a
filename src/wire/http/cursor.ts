import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from '../../application/context.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { KeyVault } from '../../ports/key-vault.ts';

const TAG_BYTES = 16;

/**
 * Writes and reads cursors: where the next page of a list begins, authenticated. A cursor that was changed, or that
 * belongs to another caller, list or filter, is refused. All servers of one vault accept each other's cursors.
 */
export class Cursors {
  readonly #vault: KeyVault;
  #key: Uint8Array | undefined;

  constructor({ vault }: Pick<Context, 'vault'>) {
    this.#vault = vault;
  }

  /** The key. Derived when first needed, because a server may start without its vault. @throws VaultUnavailable */
  async ready(): Promise<Uint8Array> {
    this.#key ??= await this.#vault.deriveKey('session', 'cursor');
    return this.#key;
  }

  /**
   * @param list the list's name, its caller and its filters
   * @param sortKey printable ASCII
   * @throws VaultUnavailable when the key is not known yet
   */
  async write(list: readonly string[], sortKey: string): Promise<string> {
    const tag = tagOf(await this.ready(), list, sortKey);
    return Buffer.concat([Buffer.from(sortKey), tag]).toString('base64url');
  }

  /** @returns the sort key; undefined when no cursor was given @throws VaultUnavailable when the key is not known yet */
  async read(list: readonly string[], cursor: string | undefined): Promise<string | undefined | Refusal> {
    if (cursor === undefined) return undefined;
    if (cursor.length > LIMITS.cursorLengthMax) return refuse('cursor_invalid');
    const bytes = Buffer.from(cursor, 'base64url');
    if (bytes.length <= TAG_BYTES || bytes.toString('base64url') !== cursor) return refuse('cursor_invalid');
    const sortKey = bytes.subarray(0, -TAG_BYTES).toString('latin1');
    const fits = timingSafeEqual(tagOf(await this.ready(), list, sortKey), bytes.subarray(-TAG_BYTES));
    return fits ? sortKey : refuse('cursor_invalid');
  }
}

function tagOf(key: Uint8Array, list: readonly string[], sortKey: string): Buffer {
  const message = JSON.stringify([...list, sortKey]);
  return createHmac('sha256', key).update(message).digest().subarray(0, TAG_BYTES);
}

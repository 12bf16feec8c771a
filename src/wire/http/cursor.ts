import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from '../../application/context.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { DerivedKey, KeyVault } from '../../ports/key-vault.ts';

const TAG_BYTES = 16;
const DERIVED_AGAIN_MS = 1_000;

/**
 * Writes and reads cursors: where the next page of a list begins, authenticated. A cursor that was changed, or that
 * belongs to another caller, list or filter, is refused. All servers of one vault accept each other's cursors.
 */
export class Cursors {
  readonly #vault: KeyVault;
  /** Newest first: a cursor is good under each that the vault still derives. */
  #keys: readonly DerivedKey[] = [];
  /** ms of `performance.now()` */
  #derivedAt = Number.NEGATIVE_INFINITY;

  constructor({ vault }: Pick<Context, 'vault'>) {
    this.#vault = vault;
  }

  /** The newest key. Derived when first needed, because a server may start without its vault. @throws VaultUnavailable */
  async ready(): Promise<Uint8Array> {
    if (this.#keys.length === 0) await this.#derive();
    const [newest] = this.#keys;
    if (!newest) throw new Error('the vault derived no key');
    return newest.key;
  }

  async #derive(): Promise<void> {
    this.#derivedAt = performance.now();
    this.#keys = await this.#vault.deriveKeys('session', 'cursor');
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
    await this.ready();
    const fits = () =>
      this.#keys.some(({ key }) => timingSafeEqual(tagOf(key, list, sortKey), bytes.subarray(-TAG_BYTES)));
    if (fits()) return sortKey;
    // Another server may have written it under a key that was made since.
    if (performance.now() - this.#derivedAt > DERIVED_AGAIN_MS) await this.#derive();
    return fits() ? sortKey : refuse('cursor_invalid');
  }
}

function tagOf(key: Uint8Array, list: readonly string[], sortKey: string): Buffer {
  const message = JSON.stringify([...list, sortKey]);
  return createHmac('sha256', key).update(message).digest().subarray(0, TAG_BYTES);
}

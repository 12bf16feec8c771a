import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from '../../application/context.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';

const TAG_BYTES = 16;

/**
 * Where the next page of a list begins, authenticated: one that was changed by hand, or is of another caller, list or
 * filter, is refused. The same on every server of one vault.
 */
export class Cursors {
  readonly #key: Uint8Array;

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** @throws VaultUnavailable */
  static async open({ vault }: Context): Promise<Cursors> {
    return new Cursors(await vault.deriveKey('session', 'cursor'));
  }

  /** @param list the list, its caller and its filters @param place printable ASCII */
  write(list: readonly string[], place: string): string {
    return Buffer.concat([Buffer.from(place), this.#tag(list, place)]).toString('base64url');
  }

  /** @returns undefined where no cursor was given */
  read(list: readonly string[], cursor: string | undefined): string | undefined | Refusal {
    if (cursor === undefined) return undefined;
    if (cursor.length > LIMITS.cursorLengthMax) return refuse('cursor_invalid');
    const bytes = Buffer.from(cursor, 'base64url');
    if (bytes.length <= TAG_BYTES || bytes.toString('base64url') !== cursor) return refuse('cursor_invalid');
    const place = bytes.subarray(0, -TAG_BYTES).toString('latin1');
    const fits = timingSafeEqual(this.#tag(list, place), bytes.subarray(-TAG_BYTES));
    return fits ? place : refuse('cursor_invalid');
  }

  #tag(list: readonly string[], place: string): Buffer {
    const message = JSON.stringify([...list, place]);
    return createHmac('sha256', this.#key).update(message).digest().subarray(0, TAG_BYTES);
  }
}

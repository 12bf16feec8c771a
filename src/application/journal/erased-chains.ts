import type { RecordedBody } from '../../domain/journal/entry.ts';
import { GENESIS_HASH } from '../../domain/journal/hash-chain.ts';

interface ErasedChain {
  /** The first of its entries, in reading order. */
  readonly first: number;
  readonly entries: number;
}

/** The type of the entry that records an erasure, of the system user. */
export const ERASURE_TYPE = 'admin.user_erased';

/**
 * The chains of entries without bodies. Nothing covers such an entry but the tree of the log, so each chain must be one that
 * an erasure names by its last hash and its length. Keeps about a hundred bytes an erased user.
 */
export class ErasedChains {
  /** By the hash of the chain's last entry so far. */
  readonly #tips = new Map<string, ErasedChain>();
  /** The lengths that erasures state, by last hash. */
  readonly #stated = new Map<string, number>();

  /** @returns false where no erased chain ends in `previous` */
  add(previous: string, hash: string, entry: number): boolean {
    const chain = previous === GENESIS_HASH ? { first: entry, entries: 0 } : this.#tips.get(previous);
    if (!chain || this.#tips.has(hash)) return false;
    if (previous !== GENESIS_HASH) this.#tips.delete(previous);
    this.#tips.set(hash, { first: chain.first, entries: chain.entries + 1 });
    return true;
  }

  /** Notes an erasure. Of the system user's entries alone: a user's own would excuse their own. */
  note({ type, user, detail = {} }: RecordedBody): void {
    const { last, entries } = detail;
    if (type === ERASURE_TYPE && user === 'system' && typeof last === 'string' && typeof entries === 'number')
      this.#stated.set(last, entries);
  }

  /** @returns the first entry of a chain that no erasure explains; undefined: each is */
  firstUnexplained(): number | undefined {
    const unexplained = [...this.#tips].filter(([last, { entries }]) => this.#stated.get(last) !== entries);
    return unexplained.length === 0 ? undefined : Math.min(...unexplained.map(([, { first }]) => first));
  }
}

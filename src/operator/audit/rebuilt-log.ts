import { nativeTreeHasher } from '../../domain/log/native-tree-hasher.ts';
import { appendEntries, EMPTY_EDGE, edgeRoot, type TreeEdge } from '../../domain/log/tree-edge.ts';
import { HASH_BYTES, sameHash } from '../../domain/log/tree-hasher.ts';
import type { PinnedCheckpoint } from './pinned-checkpoint.ts';

const ENTRIES_HELD = 4_096;

/** How a checkpoint stands to the entries: it fits, it is of other entries, or there are fewer entries than it covers. */
export type PinVerdict = 'fits' | 'differs' | 'beyond';

/** Builds the log's tree anew from the entries, in constant memory, and compares checkpoints with it. */
export class RebuiltLog {
  readonly #pins: readonly PinnedCheckpoint[];
  readonly #held = Buffer.alloc(ENTRIES_HELD * HASH_BYTES);
  #count = 0;
  #edge: TreeEdge = EMPTY_EDGE;
  readonly #verdicts = new Map<PinnedCheckpoint, PinVerdict>();

  constructor(pins: readonly PinnedCheckpoint[]) {
    this.#pins = [...pins].sort((a, b) => a.size - b.size);
    this.#compare();
  }

  get size(): number {
    return this.#edge.size + this.#count;
  }

  /** @param hash of the next entry, lower-case hex */
  add(hash: string): void {
    this.#held.write(hash, this.#count * HASH_BYTES, HASH_BYTES, 'hex');
    this.#count++;
    if (this.#count === ENTRIES_HELD) this.#flush();
    this.#compare();
  }

  /** In order of size. */
  verdicts(): readonly (readonly [PinnedCheckpoint, PinVerdict])[] {
    return this.#pins.map((pin) => [pin, this.#verdicts.get(pin) ?? 'beyond']);
  }

  #compare(): void {
    for (let next = this.#verdicts.size; this.#pins[next]?.size === this.size; next++) {
      const pin = this.#pins[next];
      if (!pin) return;
      this.#flush();
      this.#verdicts.set(
        pin,
        sameHash(edgeRoot(nativeTreeHasher, this.#edge), pin.root) ? 'fits' : 'differs',
      );
    }
  }

  #flush(): void {
    if (this.#count === 0) return;
    const entries = this.#held.subarray(0, this.#count * HASH_BYTES);
    this.#edge = appendEntries(nativeTreeHasher, this.#edge, entries).edge;
    this.#count = 0;
  }
}

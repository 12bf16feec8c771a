import type { UserId } from '../../ports/store.ts';

const CHUNK_USERS = 65_536;
/** Users whose heads share one row of the file. */
export const BLOCK_USERS = 256;
/** A version (4 bytes) and a position (8 bytes), both big-endian. */
const HEAD_BYTES = 12;
export const BLOCK_BYTES = BLOCK_USERS * HEAD_BYTES;
const USER_ID_MAX = 2 ** 31 - 1;

/** The heads of a range of user ids. Arrays never move: growth copies nothing, and ids far apart cost one chunk each. */
interface Chunk {
  readonly versions: Int32Array;
  readonly positions: Float64Array;
  /** 1 for a block whose row in the file is older than the arrays. */
  readonly dirty: Uint8Array;
}

/**
 * The version and journal position of each user's latest entry; 0 and 0 without one. Takes 12 bytes a user.
 *
 * Why: docs/DECISIONS.md#user-heads-are-written-behind
 */
export class Heads {
  readonly #chunks = new Map<number, Chunk>();
  #recent: Chunk | undefined;
  #recentIndex = -1;
  #userIdMax = 0;
  /** What `revert` restores: user, version, position of each change since `settle`, three numbers a change. */
  readonly #changes: number[] = [];
  #changesLength = 0;

  get userIdMax(): UserId {
    return this.#userIdMax;
  }

  get blockCount(): number {
    return Math.floor(this.#userIdMax / BLOCK_USERS) + 1;
  }

  version(userId: UserId): number {
    return this.#find(userId)?.versions[userId % CHUNK_USERS] ?? 0;
  }

  position(userId: UserId): number {
    return this.#find(userId)?.positions[userId % CHUNK_USERS] ?? 0;
  }

  set(userId: UserId, version: number, position: number): void {
    this.#put(this.#findOrMake(userId), userId % CHUNK_USERS, version, position);
  }

  /** Sets a head so that `revert` restores the old one, until `settle` is called. */
  advance(userId: UserId, version: number, position: number): void {
    const chunk = this.#findOrMake(userId);
    const slot = userId % CHUNK_USERS;
    const changes = this.#changes;
    changes[this.#changesLength++] = userId;
    changes[this.#changesLength++] = chunk.versions[slot] ?? 0;
    changes[this.#changesLength++] = chunk.positions[slot] ?? 0;
    this.#put(chunk, slot, version, position);
  }

  settle(): void {
    this.#changesLength = 0;
  }

  revert(): void {
    const changes = this.#changes;
    while (this.#changesLength > 0) {
      this.#changesLength -= 3;
      const index = this.#changesLength;
      const userId = changes[index] ?? 0;
      this.#put(
        this.#findOrMake(userId),
        userId % CHUNK_USERS,
        changes[index + 1] ?? 0,
        changes[index + 2] ?? 0,
      );
    }
  }

  isDirty(block: number): boolean {
    const userId = block * BLOCK_USERS;
    return this.#find(userId)?.dirty[(userId % CHUNK_USERS) / BLOCK_USERS] === 1;
  }

  markClean(block: number): void {
    const userId = block * BLOCK_USERS;
    const chunk = this.#find(userId);
    if (chunk) chunk.dirty[(userId % CHUNK_USERS) / BLOCK_USERS] = 0;
  }

  encodeBlock(block: number, target: DataView): void {
    const first = block * BLOCK_USERS;
    const chunk = this.#findOrMake(first);
    const base = first % CHUNK_USERS;
    for (let index = 0; index < BLOCK_USERS; index++) {
      target.setInt32(index * HEAD_BYTES, chunk.versions[base + index] ?? 0);
      target.setFloat64(index * HEAD_BYTES + 4, chunk.positions[base + index] ?? 0);
    }
  }

  decodeBlock(block: number, source: DataView): void {
    const first = block * BLOCK_USERS;
    const chunk = this.#findOrMake(first);
    const base = first % CHUNK_USERS;
    for (let index = 0; index < BLOCK_USERS; index++) {
      const version = source.getInt32(index * HEAD_BYTES);
      if (version === 0) continue;
      chunk.versions[base + index] = version;
      chunk.positions[base + index] = source.getFloat64(index * HEAD_BYTES + 4);
      this.#userIdMax = Math.max(this.#userIdMax, first + index);
    }
  }

  clear(): void {
    this.#chunks.clear();
    this.#recent = undefined;
    this.#recentIndex = -1;
    this.#userIdMax = 0;
    this.#changesLength = 0;
  }

  #put(chunk: Chunk, slot: number, version: number, position: number): void {
    chunk.versions[slot] = version;
    chunk.positions[slot] = position;
    chunk.dirty[Math.floor(slot / BLOCK_USERS)] = 1;
  }

  #find(userId: UserId): Chunk | undefined {
    const index = Math.floor(userId / CHUNK_USERS);
    if (index === this.#recentIndex) return this.#recent;
    const chunk = this.#chunks.get(index);
    if (chunk) {
      this.#recent = chunk;
      this.#recentIndex = index;
    }
    return chunk;
  }

  #findOrMake(userId: UserId): Chunk {
    if (!Number.isSafeInteger(userId) || userId < 0 || userId > USER_ID_MAX) {
      throw new RangeError(`not a user id: ${userId}`);
    }
    if (userId > this.#userIdMax) this.#userIdMax = userId;
    const found = this.#find(userId);
    if (found) return found;
    const chunk = {
      versions: new Int32Array(CHUNK_USERS),
      positions: new Float64Array(CHUNK_USERS),
      dirty: new Uint8Array(CHUNK_USERS / BLOCK_USERS),
    };
    this.#chunks.set(Math.floor(userId / CHUNK_USERS), chunk);
    return chunk;
  }
}

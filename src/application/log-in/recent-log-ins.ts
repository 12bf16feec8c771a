import { LIMITS } from '../../limits.ts';

/**
 * From which networks users logged in lately, in this server's memory: their passwords are hashed before strangers'.
 * It proves nothing. The least recent are forgotten beyond `recentLogInsMax`.
 */
export class RecentLogIns {
  readonly #max: number;
  /** Least recent first. */
  readonly #recent = new Set<string>();

  constructor(max: number = LIMITS.recentLogInsMax) {
    this.#max = max;
  }

  has(username: string, network: string): boolean {
    return this.#recent.has(keyOf(username, network));
  }

  add(username: string, network: string): void {
    const key = keyOf(username, network);
    this.#recent.delete(key);
    this.#recent.add(key);
    if (this.#recent.size <= this.#max) return;
    const [oldest] = this.#recent;
    if (oldest !== undefined) this.#recent.delete(oldest);
  }
}

function keyOf(username: string, network: string): string {
  return `${network}\n${username}`;
}

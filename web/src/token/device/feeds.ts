import type { OpenTokens } from './open-tokens.ts';
import { type FeedView, PendingFeed } from './pending-feed.ts';
import type { TokenRecord } from './storage.ts';

/** Streams take connections, of which a browser has six to a server: users beyond this many are not followed. */
const FEEDS_MAX = 3;

export interface FeedsOptions {
  readonly open: OpenTokens;
  readonly origin?: string;
  readonly onChange: () => void;
}

/** One stream a user of this device, by the first of their active tokens that can approve. */
export class Feeds {
  readonly #options: FeedsOptions;
  #feeds: readonly PendingFeed[] = [];
  #known: readonly FeedView[] = [];

  constructor(options: FeedsOptions) {
    this.#options = options;
  }

  get views(): readonly FeedView[] {
    return this.#known;
  }

  follow(tokens: readonly TokenRecord[]): void {
    const ids = this.#wanted(tokens);
    const followed = this.#feeds.map(({ view }) => view.tokenId);
    if (ids.length === followed.length && ids.every((id) => followed.includes(id))) return;
    this.pause();
    const { open, origin, onChange } = this.#options;
    const before = this.#known;
    let made: readonly PendingFeed[] = [];
    const told = () => {
      if (this.#feeds !== made) return;
      this.#known = made.map(({ view }) => view);
      onChange();
    };
    made = ids.flatMap((tokenId) => {
      const session = open.session(tokenId);
      if (!session) return [];
      return new PendingFeed({
        ...{ tokenId, session, onChange: told },
        before: before.find((view) => view.tokenId === tokenId),
        ...(origin === undefined ? {} : { origin }),
      });
    });
    this.#feeds = made;
    told();
  }

  refresh(): void {
    for (const feed of this.#feeds) feed.refresh();
  }

  retryNow(): void {
    for (const feed of this.#feeds) feed.retryNow();
  }

  /** Nobody looks: nothing is followed, and what was known stays until it is looked for again. */
  pause(): void {
    for (const feed of this.#feeds) feed.stop();
    this.#feeds = [];
  }

  stop(): void {
    this.pause();
    this.#known = [];
  }

  #wanted(tokens: readonly TokenRecord[]): readonly string[] {
    const wanted = new Map<string, string>();
    for (const { id, username, status, approvals } of tokens) {
      if (status !== 'active' || !approvals || wanted.has(username)) continue;
      if (wanted.size < FEEDS_MAX && this.#options.open.session(id)) wanted.set(username, id);
    }
    return [...wanted.values()];
  }
}

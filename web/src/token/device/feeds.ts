import type { OpenTokens } from './open-tokens.ts';
import { type FeedView, PendingFeed } from './pending-feed.ts';
import type { TokenRecord } from './storage.ts';

/** Maximum number of users whose transactions are followed: browsers open six connections to a server. */
const FEEDS_MAX = 3;

export interface FeedsOptions {
  readonly open: OpenTokens;
  readonly origin?: string;
  readonly onChange: () => void;
}

/** Follows one stream for each user of the device, through the first of the user's active tokens that can approve. */
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

  /** Stops following while the page is hidden. The lists read so far stay. */
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

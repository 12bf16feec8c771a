import { EventFollower, type StreamState } from '../../api/event-follower.ts';
import { isProblem } from '../../api/problem.ts';
import { type PendingList, readPendingList } from '../transaction/pending-transaction.ts';
import type { DeviceSession } from './device-session.ts';

export interface FeedView extends PendingList {
  readonly tokenId: string;
  /** Whether the list can be relied on to be the present one. */
  readonly state: StreamState;
  /** Nothing was read yet. */
  readonly loading: boolean;
  /** Why it could not be read the last time. */
  readonly error: unknown;
}

export interface PendingFeedOptions {
  readonly tokenId: string;
  readonly session: DeviceSession;
  readonly origin?: string;
  /** What was known before the page was out of sight. */
  readonly before?: FeedView | undefined;
  readonly onChange: () => void;
}

const PAGE = 50;
const RENEWAL_MS = 500;

/** What waits for one user's decision: read whenever an event says that it may have changed, and when the stream opens. */
export class PendingFeed {
  readonly #options: PendingFeedOptions;
  #follower: EventFollower;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #view: FeedView;
  #reading = false;
  #again = false;
  #stopped = false;

  constructor(options: PendingFeedOptions) {
    this.#options = options;
    const { pending = [], unreadable = 0, loading = true } = options.before ?? {};
    this.#view = {
      ...{ tokenId: options.tokenId, state: 'connecting', error: undefined },
      ...{ pending, unreadable, loading },
    };
    this.#follower = this.#follow();
    this.refresh();
  }

  get view(): FeedView {
    return this.#view;
  }

  #follow(): EventFollower {
    const { origin = '', session } = this.#options;
    return new EventFollower({
      url: `${origin}/v1/events`,
      headers: () => session.headers(),
      onEvent: ({ type }) => {
        if (type.startsWith('transaction.')) this.refresh();
      },
      onState: (state) => this.#heard(state),
    });
  }

  #heard(state: StreamState): void {
    this.#change({ state: state === 'ended' ? 'lost' : state });
    if (state === 'open') this.refresh();
    if (state !== 'ended' || this.#stopped) return;
    this.#renew();
  }

  /** The access token was refused: with another it goes on, unless the session has ended, which its owner is told. */
  #renew(): void {
    if (this.#renewal !== undefined) return;
    this.#renewal = setTimeout(async () => {
      this.#renewal = undefined;
      await this.#options.session.renew().catch(() => undefined);
      if (this.#stopped || this.#options.session.ended) return;
      if (this.#follower.state === 'ended') this.#follower = this.#follow();
      this.refresh();
    }, RENEWAL_MS);
  }

  retryNow(): void {
    this.#follower.retryNow();
    this.refresh();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#renewal);
    this.#follower.stop();
  }

  /** Reads the list; once more if asked while it is being read. */
  refresh(): void {
    this.#again = true;
    if (!this.#reading) void this.#read();
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        const query = { status: 'pending', limit: PAGE } as const;
        const answer = await this.#options.session.api('GET /v1/transactions', { query });
        this.#change({ ...readPendingList(answer), loading: false, error: undefined });
      }
    } catch (error) {
      this.#change({ loading: false, error });
      if (isProblem(error, 'session_ended', 'session_required')) this.#renew();
    } finally {
      this.#reading = false;
    }
  }

  #change(part: Partial<FeedView>): void {
    if (this.#stopped) return;
    this.#view = { ...this.#view, ...part };
    this.#options.onChange();
  }
}

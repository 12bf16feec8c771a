import { EventFollower, type StreamState } from '../../api/event-follower.ts';
import { isProblem } from '../../api/problem.ts';
import { type PendingList, readPendingList } from '../transaction/pending-transaction.ts';
import { type RecoveryNotice, readRecovery } from '../transaction/recovery-notice.ts';
import type { DeviceSession } from './device-session.ts';

export interface FeedView extends PendingList {
  readonly tokenId: string;
  /** `open` while the list is known to be current. */
  readonly state: StreamState;
  /** True until the first reading. */
  readonly loading: boolean;
  /** Error of the last reading, if it failed. */
  readonly error: unknown;
  /** Set while administrators are giving the account to a new device. */
  readonly recovery: RecoveryNotice | undefined;
}

export interface PendingFeedOptions {
  readonly tokenId: string;
  readonly session: DeviceSession;
  readonly origin?: string;
  /** The list before the page was hidden. */
  readonly before?: FeedView | undefined;
  readonly onChange: () => void;
}

const PAGE = 50;
const RENEWAL_MS = 500;

/**
 * Follows the pending transactions of one user, and a recovery of their account: reads both when the stream opens and at
 * each event that may change one.
 */
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
    const { pending = [], unreadable = 0, loading = true, recovery } = options.before ?? {};
    this.#view = {
      ...{ tokenId: options.tokenId, state: 'connecting', error: undefined },
      ...{ pending, unreadable, loading, recovery },
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
        if (type.startsWith('transaction.') || type.startsWith('admin.recovery_')) this.refresh();
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

  /** Renews a refused access token and continues, unless the session has ended. */
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

  /** Reads the list; reads it again if called meanwhile. */
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
        const { api } = this.#options.session;
        const answer = await api('GET /v1/transactions', { query });
        this.#change({ ...readPendingList(answer), loading: false, error: undefined });
        this.#change({ recovery: readRecovery(await api('GET /v1/recovery')) });
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

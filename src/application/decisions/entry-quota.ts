import type { EntryType } from '../../domain/journal/entry.ts';
import { LIMITS } from '../../limits.ts';
import type { RateLimit } from '../../ports/rate-limiter.ts';
import { SYSTEM_USER_ID } from '../../ports/store.ts';
import type { User } from '../users/user.ts';
import type { Draft, EntryOrigin } from './job.ts';

/** How many entries at once. They come back evenly over the window. */
export interface EntryLimits {
  readonly userEntries: RateLimit;
  readonly addressEntries: RateLimit;
  readonly serviceEntries: RateLimit;
}

/**
 * Entries that a caller can cause without end. Each other type is bounded by one of these (a session ends once), by
 * limits of its own, or is an operator's; and approvals are what the server is for.
 */
const LIMITED: ReadonlySet<EntryType> = new Set<EntryType>([
  'user.registered',
  'login.accepted',
  'login.refused',
  'code.accepted',
  'code.refused',
  'transaction.requested',
  'transaction.refused',
  'token.enrolled',
  'identity.enrolled',
  'message.sent',
]);

/** Log-ins have a part of their own, so that a stolen session cannot use up what its user needs to log in. */
const LOG_IN_PART = 1 / 4;

interface Bucket {
  /** Fractions count: a bucket refills continuously. */
  tokens: number;
  /** ms of a monotonic clock. */
  at: number;
}

/**
 * Bounds the entries that are not approvals, and the rows committed with them, by user and by origin, so that no
 * caller fills the disk. Token buckets in this process: servers count apart, and a restart fills them again, so a bound
 * holds for each server.
 *
 * Why: docs/DECISIONS.md#entries-that-are-not-approvals-have-a-quota
 */
export class EntryQuota {
  readonly #limits: EntryLimits;
  readonly #elapsedMs: () => number;
  /** Least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: EntryLimits, elapsedMs: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#elapsedMs = elapsedMs;
  }

  /**
   * Takes a token for the entry, where it needs one. A refusal that counts a wrong code, password or MAC needs none: it
   * must not be lost, and locks bound it.
   * @returns ms until there is one; 0: taken, or none is needed
   */
  take(user: User, draft: Draft, origin: EntryOrigin | undefined): number {
    if (!LIMITED.has(draft.type) || user.id === SYSTEM_USER_ID || changesState(user, draft)) return 0;
    const { userEntries, serviceEntries, addressEntries } = this.#limits;
    const logIn = draft.type === 'login.accepted';
    const ownLimit = logIn ? partOf(userEntries, LOG_IN_PART) : userEntries;
    const own = this.#bucket(`${logIn ? 'log-in' : 'user'}/${user.id}`, ownLimit);
    const sharedLimit = origin?.kind === 'service' ? serviceEntries : addressEntries;
    const shared = origin && this.#bucket(`${origin.kind}/${origin.name}`, sharedLimit);
    const waitMs = Math.max(waitOf(own, ownLimit), shared ? waitOf(shared, sharedLimit) : 0);
    if (waitMs > 0) return waitMs;
    own.tokens--;
    if (shared) shared.tokens--;
    return 0;
  }

  /** Number of buckets in memory. */
  get size(): number {
    return this.#buckets.size;
  }

  #bucket(key: string, { countMax, windowMs }: RateLimit): Bucket {
    const now = this.#elapsedMs();
    const bucket = this.#buckets.get(key) ?? { tokens: countMax, at: now };
    bucket.tokens = Math.min(countMax, bucket.tokens + ((now - bucket.at) * countMax) / windowMs);
    bucket.at = now;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > LIMITS.rateLimitKeysMax) {
      const [stalest] = this.#buckets.keys();
      if (stalest !== undefined) this.#buckets.delete(stalest);
    }
    return bucket;
  }
}

function partOf({ countMax, windowMs }: RateLimit, part: number): RateLimit {
  return { countMax: Math.ceil(countMax * part), windowMs };
}

function waitOf({ tokens }: Bucket, { countMax, windowMs }: RateLimit): number {
  return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * windowMs) / countMax);
}

/** Whether a refusal changes the state: it counts a failed attempt, or spends a code. */
function changesState({ state }: User, draft: Draft): boolean {
  return draft.type.endsWith('.refused') && draft.state !== state;
}

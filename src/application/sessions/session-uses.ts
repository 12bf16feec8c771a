import { LIMITS } from '../../limits.ts';
import type { SessionUse, Store } from '../../ports/store.ts';
import type { Decider } from '../decisions/decider.ts';
import { isSessionValid, type Session } from './session.ts';

/** Beyond this many the session that was admitted first is forgotten: the store is asked about it again. */
const KNOWN_MAX = 65_536;

interface Known {
  usedAt: number;
  /** The latest use that the store knows or will be told. */
  recordedAt: number;
}

/**
 * Ends log-ins that go unused for `session_idle_ms` (EU 2018/389 article 4(3)(d), OWASP ASVS 5.0 V7.3.1). Each server knows
 * the uses that it saw; one per tenth of the time is recorded for the others, so a session that changes servers may end that
 * much earlier, and none ends later. Devices have no idle time: their PIN locks them.
 *
 * Why: docs/DECISIONS.md#uses-of-sessions-are-recorded-by-tenths
 */
export class SessionUses {
  readonly #store: Pick<Store, 'recordSessionUses' | 'lastSessionUse'>;
  readonly #decider: Pick<Decider, 'now' | 'submit'>;
  readonly #idleMs: number;
  readonly #grainMs: number;
  readonly #known = new Map<string, Known>();
  #waiting = new Map<string, SessionUse>();

  constructor(
    store: Pick<Store, 'recordSessionUses' | 'lastSessionUse'>,
    decider: Pick<Decider, 'now' | 'submit'>,
    idleMs: number,
  ) {
    this.#store = store;
    this.#decider = decider;
    this.#idleMs = idleMs;
    this.#grainMs = idleMs / LIMITS.sessionUseGrains;
  }

  /**
   * Whether the session was used within the idle time; if not, it is ended. Does NOT check that it is valid besides.
   * @param isUse false: a page asks by itself, which does not prolong the session
   * @returns a plain value where memory tells
   * @throws StoreUnavailable
   */
  admit(session: Session, isUse: boolean): boolean | Promise<boolean> {
    if (this.#idleMs === 0 || session.kind !== 'login') return true;
    const at = this.#decider.now();
    const known = this.#known.get(session.sessionId);
    if (!known || at - known.usedAt > this.#idleMs) return this.#admitByStore(session, at, isUse);
    if (isUse) this.#note(session, known, at);
    return true;
  }

  /** Whether the session is known to be unused for too long. Does NOT ask the store, nor end it: `admit` does. */
  isIdle({ sessionId }: Session): boolean {
    const known = this.#known.get(sessionId);
    return known !== undefined && this.#decider.now() - known.usedAt > this.#idleMs;
  }

  /** Records what has been gathered. What the store does not take waits for the next time. */
  async flush(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const uses = this.#waiting;
    this.#waiting = new Map();
    try {
      await this.#store.recordSessionUses([...uses.values()]);
    } catch (error) {
      for (const [sessionId, use] of uses)
        if (!this.#waiting.has(sessionId)) this.#waiting.set(sessionId, use);
      throw error;
    }
  }

  async #admitByStore(session: Session, at: number, isUse: boolean): Promise<boolean> {
    const { userId, sessionId } = session;
    const recordedAt = await this.#store.lastSessionUse(userId, sessionId);
    if (recordedAt === undefined) return false;
    // Used here meanwhile, by a request that asked at the same time.
    const usedAt = Math.max(recordedAt, this.#known.get(sessionId)?.usedAt ?? 0);
    if (at - usedAt > this.#idleMs) {
      await this.#end(session);
      return false;
    }
    const known: Known = { usedAt, recordedAt };
    this.#known.set(sessionId, known);
    if (this.#known.size > KNOWN_MAX) this.#known.delete(this.#known.keys().next().value ?? '');
    if (isUse) this.#note(session, known, at);
    return true;
  }

  #note({ userId, sessionId }: Session, known: Known, at: number): void {
    known.usedAt = Math.max(known.usedAt, at);
    if (at - known.recordedAt < this.#grainMs) return;
    known.recordedAt = at;
    this.#waiting.set(sessionId, { userId, sessionId, at });
  }

  async #end({ userId, sessionId }: Session): Promise<void> {
    this.#known.delete(sessionId);
    await this.#decider.submit({
      userId,
      decide: (user, { at }) =>
        user && isSessionValid(user, sessionId, at)
          ? {
              result: undefined,
              draft: {
                ...{ type: 'session.ended', reason: 'idle', state: user.state },
                rows: [{ kind: 'session.delete', userId, sessionId }],
              },
            }
          : { result: undefined },
    });
  }
}

import { longestLockMs } from '../../domain/failed-attempts.ts';
import { decodeState } from '../../domain/user-state.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { BatchReport } from '../decisions/decider.ts';
import type { ChainedEntry } from '../decisions/job.ts';
import { LatencyHistogram, type LatencySummary } from './latency-histogram.ts';

const MINUTE_MS = 60_000;
const REFUSED = /\.(refused|locked)$/;

/** Entries committed in one minute. */
export interface MinuteCounts {
  /** When the minute began, ms since 1970. */
  readonly at: number;
  readonly approved: number;
  readonly refused: number;
  readonly requested: number;
  readonly logIns: number;
  readonly other: number;
}

interface Minute {
  readonly at: number;
  approved: number;
  refused: number;
  requested: number;
  logIns: number;
  other: number;
  readonly reasons: Map<string, number>;
  readonly latency: LatencyHistogram;
  batches: number;
  jobs: number;
  batchMax: number;
}

export interface OverviewFigures {
  readonly minutes: readonly MinuteCounts[];
  readonly refusals: readonly { readonly reason: string; readonly count: number }[];
  /** From the start of a batch until its jobs were answered; of the current minute and the one before, like `batches`. */
  readonly latency: LatencySummary;
  readonly batches: { readonly count: number; readonly meanSize: number; readonly maxSize: number };
  readonly usersLocked: number;
}

/**
 * Counts what this server decided in the last hour, minute by minute, for the console. It counts at each commit and reads
 * nothing from the store, so it does NOT include what other servers, or this one before its start, decided.
 *
 * Why: docs/DECISIONS.md#the-overview-is-this-servers
 */
export class Overview {
  readonly #context: Context;
  #minutes: Minute[] = [];
  /** Users that a decision of this server locked, with the time the lock ends, ms since 1970. */
  readonly #locked = new Map<UserId, number>();

  constructor(context: Context) {
    this.#context = context;
    context.decider.subscribeCommits((entries) => this.#count(entries));
    context.decider.subscribeBatches((batch) => this.#countBatch(batch));
  }

  figures(): OverviewFigures {
    const now = this.#context.decider.now();
    const last = this.#minute(now);
    const first = last.at - (LIMITS.overviewMinutes - 1) * MINUTE_MS;
    const known = new Map(this.#minutes.map((minute) => [minute.at, minute]));
    const minutes: MinuteCounts[] = [];
    for (let at = first; at <= last.at; at += MINUTE_MS) minutes.push(countsOf(known.get(at), at));
    const running = [known.get(last.at - MINUTE_MS), last].filter((minute) => minute !== undefined);
    const batches = running.reduce((sum, minute) => sum + minute.batches, 0);
    const jobs = running.reduce((sum, minute) => sum + minute.jobs, 0);
    return {
      minutes,
      refusals: this.#reasons(),
      latency: LatencyHistogram.summarise(running.map(({ latency }) => latency)),
      batches: {
        count: batches,
        meanSize: batches === 0 ? 0 : Math.round((10 * jobs) / batches) / 10,
        maxSize: Math.max(0, ...running.map(({ batchMax }) => batchMax)),
      },
      usersLocked: this.#lockedAt(now),
    };
  }

  #reasons(): OverviewFigures['refusals'] {
    const counts = new Map<string, number>();
    for (const { reasons } of this.#minutes) {
      for (const [reason, count] of reasons) counts.set(reason, (counts.get(reason) ?? 0) + count);
    }
    return [...counts]
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
      .slice(0, LIMITS.overviewReasonsMax);
  }

  #lockedAt(now: number): number {
    for (const [userId, until] of this.#locked) if (until <= now) this.#locked.delete(userId);
    return this.#locked.size;
  }

  #count(entries: readonly ChainedEntry[]): void {
    const minute = this.#minute(this.#context.decider.now());
    for (const entry of entries) {
      switch (entry.type) {
        case 'transaction.approved':
          minute.approved++;
          break;
        case 'transaction.requested':
          minute.requested++;
          break;
        case 'login.accepted':
          minute.logIns++;
          break;
        default:
          if (REFUSED.test(entry.type)) this.#countRefusal(minute, entry);
          else if (entry.type === 'admin.user_unlocked') this.#locked.delete(entry.userId);
          else minute.other++;
      }
    }
  }

  #countRefusal(minute: Minute, { userId, reason, detail, state: text, at }: ChainedEntry): void {
    minute.refused++;
    const name = reason || 'unknown';
    minute.reasons.set(name, (minute.reasons.get(name) ?? 0) + 1);
    if (detail?.locked_ms === undefined) return;
    const state = decodeState(text);
    const { lockout } = this.#context.settings;
    const until =
      at + Math.max(longestLockMs(state, 'password', at, lockout), longestLockMs(state, 'code', at, lockout));
    if (this.#locked.size < LIMITS.lockedUsersCountedMax || this.#locked.has(userId)) {
      this.#locked.set(userId, until);
    }
  }

  #countBatch({ jobs, durationMs, failed }: BatchReport): void {
    if (failed) return;
    const minute = this.#minute(this.#context.decider.now());
    minute.batches++;
    minute.jobs += jobs;
    minute.batchMax = Math.max(minute.batchMax, jobs);
    minute.latency.record(durationMs, jobs);
  }

  #minute(now: number): Minute {
    const at = now - (now % MINUTE_MS);
    const last = this.#minutes.at(-1);
    if (last?.at === at) return last;
    const minute: Minute = {
      at,
      ...{ approved: 0, refused: 0, requested: 0, logIns: 0, other: 0 },
      ...{ reasons: new Map(), latency: new LatencyHistogram(), batches: 0, jobs: 0, batchMax: 0 },
    };
    // After a clock is put back, later minutes are dropped: the list stays in order.
    const oldest = at - LIMITS.overviewMinutes * MINUTE_MS;
    this.#minutes = [...this.#minutes.filter((kept) => kept.at > oldest && kept.at < at), minute];
    return minute;
  }
}

function countsOf(minute: Minute | undefined, at: number): MinuteCounts {
  const { approved = 0, refused = 0, requested = 0, logIns = 0, other = 0 } = minute ?? {};
  return { at, approved, refused, requested, logIns, other };
}

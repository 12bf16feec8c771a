import { beginningOf, MINUTE_MS, SECOND_MS, spansOf } from '../../domain/search/count-spans.ts';
import { LIMITS } from '../../limits.ts';
import type { EntryCount, Tally } from '../../ports/search-store.ts';
import type { Context } from '../context.ts';

const HOUR_MINUTES = 60;
const DAY_MINUTES = 24 * HOUR_MINUTES;
const REFUSED = /\.(refused|locked)$/;

/** Entries of one span of time. */
export interface SpanCounts {
  readonly approved: number;
  readonly refused: number;
  readonly requested: number;
  readonly logIns: number;
  readonly other: number;
}

export interface Figures {
  /** The last sixty minutes, the oldest first; the last one is running. */
  readonly minutes: readonly (SpanCounts & { readonly at: number })[];
  /** The sixty seconds up to now. */
  readonly lastMinute: SpanCounts;
  /** The minutes above. */
  readonly lastHour: SpanCounts;
  /** The running minute and the 1,439 before it. */
  readonly lastDay: SpanCounts;
  /** Of the last hour, the most frequent first. */
  readonly refusals: readonly { readonly reason: string; readonly count: number }[];
  /** Users who are locked now. */
  readonly usersLocked: number;
  /** Until when all entries are counted, ms since 1970; undefined: until now. */
  readonly countedUntil: number | undefined;
}

/**
 * Counts the entries of all servers for the console: those that are counted behind the journal (`journal-indexer.ts`), and
 * after them the newest ones by itself. It reads some hundred rows, whatever the journal's length.
 *
 * Why: docs/DECISIONS.md#figures-are-counted-from-the-journal
 */
export class JournalFigures {
  readonly #context: Context;
  #cached: { readonly figures: Promise<Figures>; readonly at: number } | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** @param ageMsMax how old the figures may be: those who watch share them */
  read(ageMsMax = 0): Promise<Figures> {
    const now = performance.now();
    if (this.#cached && now - this.#cached.at < ageMsMax) return this.#cached.figures;
    const figures = this.#read();
    this.#cached = { figures, at: now };
    figures.catch(() => {
      this.#cached = undefined;
    });
    return figures;
  }

  async #read(): Promise<Figures> {
    const { store, decider } = this.#context;
    const now = decider.now();
    const { counted } = await store.search.progress();
    const tail = await store.search.tally({ after: counted, limit: LIMITS.countTailMax });
    const minute = beginningOf(now, MINUTE_MS);
    const end = minute + MINUTE_MS;
    const hourFrom = end - HOUR_MINUTES * MINUTE_MS;
    const dayFrom = end - DAY_MINUTES * MINUTE_MS;
    const secondFrom = beginningOf(now, SECOND_MS) + SECOND_MS - MINUTE_MS;
    const read = (unit: number, from: number, to: number) => store.search.readCounts({ unit, from, to });
    const [seconds, hour, ...day] = await Promise.all([
      read(SECOND_MS, secondFrom, now + 1),
      read(MINUTE_MS, hourFrom, end),
      ...spansOf(dayFrom, hourFrom).map(({ unit, from, to }) => read(unit, from, to)),
    ]);
    const since = (from: number) => tail.counts.filter(({ at }) => at >= from && at < end);
    const ofHour = [...hour, ...since(hourFrom)];
    return {
      minutes: byMinute(ofHour, hourFrom, end),
      lastMinute: sum([...seconds, ...since(secondFrom)]),
      lastHour: sum(ofHour),
      lastDay: sum([...day.flat(), ...ofHour, ...since(dayFrom).filter(({ at }) => at < hourFrom)]),
      refusals: reasonsOf(ofHour),
      usersLocked: await this.#locked(tail, now),
      countedUntil: tail.to - counted >= LIMITS.countTailMax ? tail.at : undefined,
    };
  }

  /** Those whom the counted entries lock, as the entries after them leave it. */
  async #locked({ marks }: Tally, at: number): Promise<number> {
    return (await lockedUsers(this.#context, at, marks)).length;
  }
}

/**
 * The users who are locked at that time, by id, at most `LIMITS.usersLockedListedMax`.
 * @param marks of the entries that are not counted yet
 */
export async function lockedUsers(
  { store }: Context,
  at: number,
  marks: Tally['marks'],
): Promise<readonly number[]> {
  const limit = LIMITS.usersLockedListedMax;
  const locked = new Set(await store.search.lockedUsers({ at, limit }));
  for (const mark of marks) {
    if (mark.kind === 'locked' && mark.until > at) locked.add(mark.userId);
    else if (mark.kind === 'unlocked') locked.delete(mark.userId);
  }
  return [...locked].sort((a, b) => a - b);
}

type Kind = keyof SpanCounts;

function kindOf(type: string): Kind {
  if (type === 'transaction.approved') return 'approved';
  if (type === 'transaction.requested') return 'requested';
  if (type === 'login.accepted') return 'logIns';
  return REFUSED.test(type) ? 'refused' : 'other';
}

function sum(counts: readonly EntryCount[]): SpanCounts {
  const total = { approved: 0, refused: 0, requested: 0, logIns: 0, other: 0 };
  for (const { type, count } of counts) total[kindOf(type)] += count;
  return total;
}

function byMinute(counts: readonly EntryCount[], from: number, to: number): Figures['minutes'] {
  const minutes = new Map<number, EntryCount[]>();
  for (let at = from; at < to; at += MINUTE_MS) minutes.set(at, []);
  for (const count of counts) minutes.get(beginningOf(count.at, MINUTE_MS))?.push(count);
  return [...minutes].map(([at, own]) => ({ at, ...sum(own) }));
}

function reasonsOf(counts: readonly EntryCount[]): Figures['refusals'] {
  const reasons = new Map<string, number>();
  for (const { type, reason, count } of counts) {
    if (kindOf(type) !== 'refused') continue;
    reasons.set(reason || 'unknown', (reasons.get(reason || 'unknown') ?? 0) + count);
  }
  return [...reasons]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1))
    .slice(0, LIMITS.overviewReasonsMax);
}

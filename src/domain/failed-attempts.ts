import {
  type AttemptPurpose,
  afterWrongAttempt,
  agedFailures,
  allowanceWaitMs,
  type LockoutPolicy,
  type LockoutState,
  lockedForMs,
  takeAllowance,
} from './lockout.ts';
import type { UserState } from './user-state.ts';

/** One purpose and who asks: what is counted and locked together. */
export interface AttemptBy {
  readonly purpose: AttemptPurpose;
  /** A known device or session, or a service. Empty: all strangers together, whatever their address. */
  readonly asker: string;
  /** Whether the asker has proved to be the user's own. Others share a day's allowance as well. */
  readonly isKnown: boolean;
}

/** Counters of single askers kept in a user's state. The one that was quiet longest makes room for another. */
const ASKERS_MAX = 12;

/** @returns ms until an attempt is evaluated; 0 when it would be evaluated now */
export function attemptLockedForMs(
  state: UserState,
  by: AttemptBy,
  at: number,
  policy: LockoutPolicy,
): number {
  if (!state.password && !state.code && !state.attempts && !state.allowances) return 0;
  const lockedMs = lockedForMs(counterOf(state, by), at, policy);
  return by.isKnown
    ? lockedMs
    : Math.max(lockedMs, allowanceWaitMs(state.allowances?.[by.purpose], at, policy));
}

/** Counts a wrong attempt. Does NOT check that it was not locked. */
export function afterWrong(state: UserState, by: AttemptBy, at: number, policy: LockoutPolicy): UserState {
  const counted = afterWrongAttempt(counterOf(state, by), at, policy);
  const { purpose, isKnown } = by;
  const allowances = isKnown
    ? {}
    : {
        allowances: {
          ...state.allowances,
          [purpose]: takeAllowance(state.allowances?.[purpose], at, policy),
        },
      };
  const key = keyOf(by);
  if (key === 'password') return { ...state, ...allowances, password: counted };
  return {
    ...state,
    ...allowances,
    attempts: bounded({ ...state.attempts, [key]: counted }, key, at, policy),
  };
}

/** Clears the asker's own count after a right attempt. What others tried stays counted. */
export function afterRight(state: UserState, by: AttemptBy): UserState {
  const key = keyOf(by);
  if (key === 'password') {
    const { password: _, ...rest } = state;
    return rest;
  }
  const { code: _, attempts: { [key]: __, ...others } = {}, ...rest } = state;
  const kept = by.purpose === 'password' && state.code ? { code: state.code } : {};
  return { ...rest, ...kept, ...(Object.keys(others).length > 0 ? { attempts: others } : {}) };
}

/** The state with no attempt counted. */
export function withoutAttempts(state: UserState): UserState {
  const { password: _, code: __, attempts: ___, allowances: ____, ...rest } = state;
  return rest;
}

/** The failures counted against the asker so far, for the entry. */
export function failuresOf(state: UserState, by: AttemptBy): number {
  return counterOf(state, by)?.failures ?? 0;
}

/** @returns the ms that the longest of the user's locks lasts, whoever it is for; 0 without one */
export function longestLockMs(
  state: UserState,
  factor: 'password' | 'code',
  at: number,
  policy: LockoutPolicy,
): number {
  let longest = lockedForMs(factor === 'password' ? state.password : state.code, at, policy);
  const isOf = (purpose: string) => (purpose === 'password') === (factor === 'password');
  for (const [key, counter] of Object.entries(state.attempts ?? {})) {
    if (isOf(key.split('/', 1)[0] ?? '')) longest = Math.max(longest, lockedForMs(counter, at, policy));
  }
  for (const [purpose, emptyAt] of Object.entries(state.allowances ?? {})) {
    if (isOf(purpose)) longest = Math.max(longest, allowanceWaitMs(emptyAt, at, policy));
  }
  return longest;
}

function keyOf({ purpose, asker }: AttemptBy): string {
  return asker === '' ? purpose : `${purpose}/${asker}`;
}

/** Before there were purposes, one counter had all codes: it counts for each purpose that has none of its own yet. */
function counterOf(state: UserState, by: AttemptBy): LockoutState | undefined {
  const key = keyOf(by);
  if (key === 'password') return state.password;
  return state.attempts?.[key] ?? (by.purpose === 'password' ? undefined : state.code);
}

/** Drops counters that have aged to nothing, and of single askers the quietest beyond the bound. */
function bounded(
  attempts: Readonly<Record<string, LockoutState>>,
  added: string,
  at: number,
  policy: LockoutPolicy,
): Readonly<Record<string, LockoutState>> {
  const kept = Object.entries(attempts).filter(
    ([key, counter]) =>
      key === added || lockedForMs(counter, at, policy) > 0 || agedFailures(counter, at, policy) > 0,
  );
  const single = kept.filter(([key]) => key.includes('/') && key !== added);
  const surplus = single
    .sort(([, a], [, b]) => (b.at ?? 0) - (a.at ?? 0))
    .slice(ASKERS_MAX - 1)
    .map(([key]) => key);
  return Object.fromEntries(kept.filter(([key]) => !surplus.includes(key)));
}

import type { LockoutState } from './lockout.ts';
import type { VelocityState } from './policy/velocity.ts';

/**
 * What the next decision about a user needs and nothing else; stored with each entry, so small and bounded.
 * Members that hold nothing are left out.
 */
export interface UserState {
  readonly password?: LockoutState;
  readonly code?: LockoutState;
  /** Wrong MACs since `since` (ms): each may be a guess at the password, so a session that sends many ends. */
  readonly mac?: { readonly count: number; readonly since: number };
  /** By token id. */
  readonly tokens?: Readonly<Record<string, TokenState>>;
  readonly velocity?: VelocityState;
  /** A token that had been confirmed was revoked: whoever has none now is not somebody who never had one. */
  readonly hadToken?: true;
}

export interface TokenState {
  /** The last accepted time step (`totp`, `ocra` activation) or the next counter (`hotp`): nothing below is accepted again. */
  readonly last: number;
  /** Steps by which the token's clock was ahead (positive) or behind when it was last accepted. */
  readonly drift: number;
  readonly uses: number;
  /** ms since 1970 */
  readonly usedAt: number;
}

export const EMPTY_STATE: UserState = Object.freeze({});

export function encodeState(state: UserState): string {
  return JSON.stringify(state);
}

/** Reads what `encodeState` wrote: the store is trusted, so a text that is not JSON is a broken invariant. */
export function decodeState(text: string): UserState {
  return text === '{}' ? EMPTY_STATE : (JSON.parse(text) as UserState);
}

import type { AttemptPurpose, LockoutState } from './lockout.ts';
import type { VelocityState } from './policy/velocity.ts';

/**
 * Exactly what the next decision about a user needs. Stored with each journal entry, so it is small and bounded.
 * Empty members are left out.
 */
export interface UserState {
  /** Wrong passwords of strangers. */
  readonly password?: LockoutState;
  /** Wrong codes for any purpose, as earlier versions count them: read, and cleared, but no longer written. */
  readonly code?: LockoutState;
  /** The other wrong attempts, by purpose and asker (src/domain/failed-attempts.ts). */
  readonly attempts?: Readonly<Record<string, LockoutState>>;
  /** By purpose: when the day's allowance of those who are not known will have drained, ms since 1970. */
  readonly allowances?: Readonly<Partial<Record<AttemptPurpose, number>>>;
  /** Wrong MACs since `since` (ms since 1970). Each may be a guess at the password, so a session that sends many ends. */
  readonly mac?: { readonly count: number; readonly since: number };
  /** By token id. */
  readonly tokens?: Readonly<Record<string, TokenState>>;
  readonly velocity?: VelocityState;
  /** An active token or a passkey was revoked, so a user without any is not a user who never had one. */
  readonly hadToken?: true;
  /** When the operator confirmed the first authenticator, ms since 1970: what waited then is the operator's to confirm. */
  readonly firstConfirmedAt?: number;
  readonly recovery?: Recovery;
  /** Names the hash of the password, once it was changed (src/application/users/password-hash-id.ts). */
  readonly passwordHashId?: string;
  readonly passwordReset?: PasswordReset;
  /** Digests of the recovery codes that are left (src/application/codes/recovery-code.ts). */
  readonly recoveryCodes?: readonly string[];
  readonly identity?: IdentityState;
}

/** The identity in force. */
export interface IdentityState {
  /** The version of the entry that enrolled it. */
  readonly version: number;
  /** Where it is more than self-asserted, the token that enrolled it: keys that replace it by that token's code are `factor`. */
  readonly verifiedToken?: string;
  /** The version of the entry that says what an operator saw. */
  readonly verifiedVersion?: number;
}

/** Administrators give the account to a new device. Times in ms since 1970; administrators by user name. */
export interface Recovery {
  readonly askedBy: string;
  readonly askedAt: number;
  readonly confirmedBy?: string;
  /** From when a device may be invited; undefined until it is confirmed. */
  readonly readyAt?: number;
}

/** A one-time secret by which the user sets a new password. Times in ms since 1970. */
export interface PasswordReset {
  /** Lower-case hex of SHA-256 of the secret. The secret itself is not stored. */
  readonly digest: string;
  readonly expiresAt: number;
  /** Made while a recovery was ready, for a user whose authenticators are all gone. */
  readonly recovered?: true;
}

export interface TokenState {
  /** The last accepted time step (`totp`, `ocra` activation), or the next counter (`hotp`). Nothing lower is accepted. */
  readonly last: number;
  /** Time steps by which the token's clock was ahead (positive) or behind at the last accepted code. */
  readonly drift: number;
  readonly uses: number;
  /** ms since 1970 */
  readonly usedAt: number;
}

export const EMPTY_STATE: UserState = Object.freeze({});

export function encodeState(state: UserState): string {
  return JSON.stringify(state);
}

/**
 * Decodes what `encodeState` wrote. Does NOT check its form: the store is trusted.
 * @throws SyntaxError when the text is not JSON, which is a broken invariant
 */
export function decodeState(text: string): UserState {
  return text === '{}' ? EMPTY_STATE : (JSON.parse(text) as UserState);
}

import { encodeBase32 } from '../../domain/encoding/base32.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { otpauthUri } from '../../domain/otp/otpauth.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { TokenRow } from '../../ports/store.ts';

/** Of an id: tells a user's few tokens apart. */
const SHORT_ID_LENGTH = 4;

interface TokenParameters {
  readonly id: string;
  readonly type: TokenRow['type'];
  readonly digits: number;
  readonly algorithm: TokenRow['algorithm'];
  readonly period_s?: number;
  readonly suite?: string;
}

/** As REST and the operator's socket answer it. */
export interface EnrolledTokenView extends TokenParameters {
  /** The seed in base32. */
  readonly secret: string;
  /** For `totp` and `hotp`: the content of the QR code. */
  readonly otpauth_uri?: string;
  /** For `ocra`: the question (hex) that the first code answers. */
  readonly activation_question?: string;
}

/**
 * A token just enrolled, with its secret: shown this once.
 * @param issuer who issues it, as apps list it
 */
export function enrolmentView(
  token: TokenRow,
  seed: Uint8Array,
  username: string,
  issuer: string,
): EnrolledTokenView {
  const { tokenId: id, type, digits, algorithm, periodS, suite, activationQuestion } = token;
  const common = { id, type, digits, algorithm, secret: encodeBase32(seed) };
  if (type === 'ocra') return { ...common, suite, activation_question: activationQuestion };
  const uri = {
    type,
    secret: seed,
    label: accountName(token, username),
    issuer,
    algorithm,
    digits,
    periodS,
    counter: 0,
  };
  return { ...common, ...(type === 'totp' ? { period_s: periodS } : {}), otpauth_uri: otpauthUri(uri) };
}

/** The name of an account in an app, which overwrites one of the same issuer and name: each token has another. */
function accountName({ tokenId, label }: TokenRow, username: string): string {
  const shortId = tokenId.slice(0, SHORT_ID_LENGTH);
  return label === '' ? `${username} (${shortId})` : `${username} (${label}, ${shortId})`;
}

/** As REST and the operator's socket answer it. */
export interface TokenView extends TokenParameters {
  readonly status: TokenRow['status'];
  readonly label: string;
  readonly created_at: string;
  readonly uses: number;
  readonly last_used_at: string | null;
  readonly drift_steps: number;
  readonly locked_until: string | null;
}

/** A token without its secret. @param lockedMs how long no code of the user is evaluated for whoever asks; 0: not locked */
export function tokenView(token: TokenRow, state: UserState, at: number, lockedMs: number): TokenView {
  const { tokenId, type, status, digits, algorithm, periodS, suite, label, createdAt } = token;
  const use = state.tokens?.[tokenId];
  return {
    id: tokenId,
    ...{ type, status, digits, algorithm },
    ...(type === 'hotp' ? {} : { period_s: periodS }),
    ...(suite === '' ? {} : { suite }),
    label,
    created_at: rfc3339(createdAt),
    uses: use?.uses ?? 0,
    last_used_at: use ? rfc3339(use.usedAt) : null,
    drift_steps: use?.drift ?? 0,
    locked_until: lockedMs > 0 && status === 'active' ? rfc3339(at + lockedMs) : null,
  };
}

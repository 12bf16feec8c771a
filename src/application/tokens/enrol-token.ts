import { type Refusal, refuse } from '../../domain/errors.ts';
import { BOUND_SUITE } from '../../domain/otp/bound-code.ts';
import { isVisible } from '../../domain/visible-text.ts';
import { LIMITS } from '../../limits.ts';
import type { MacAlgorithm } from '../../ports/key-vault.ts';
import type { Random } from '../../ports/random.ts';
import type { TokenRow, TokenType, UserId } from '../../ports/store.ts';
import { SecondFactor, type Shown } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import { boundToShown } from '../idempotency/bound-to-code.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob } from '../idempotency/idempotent.ts';
import { secretCodec } from '../idempotency/sealed-secret.ts';
import { seedOwner } from '../keys/key-owner.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';
import { makeRoom } from './waiting-tokens.ts';

export interface EnrolTokenRequest {
  readonly userId: UserId;
  readonly type: TokenType;
  /** 6 to 8; an `ocra` token has 6. */
  readonly digits?: number;
  /** 15 to 300, for `totp`. */
  readonly periodS?: number;
  readonly algorithm?: MacAlgorithm;
  readonly label?: string;
  /** Of the caller over the API. The operator's command has none, and nothing is asked for. */
  readonly session?: Session;
  /** Of an existing token or passkey (`SecondFactor`). */
  readonly shown?: Shown;
  readonly idempotency?: Idempotency;
}

export interface EnrolledToken {
  readonly token: TokenRow;
  /** Returned once, for the user's token; stored wrapped. */
  readonly seed: Uint8Array;
  /** A repeat of an idempotency key: the token made then. */
  readonly repeated?: boolean;
}

const SEED_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;

/** Makes a pending token: `activateToken` activates it by its first code. */
export async function enrolToken(
  context: Context,
  request: EnrolTokenRequest,
): Promise<EnrolledToken | Refusal> {
  const invalid = checkParameters(request);
  if (invalid) return invalid;
  const { enrolmentsPerUserMax: countMax, enrolmentsWindowMs: windowMs } = LIMITS;
  const wait = await context.rateLimiter.take(`enrolment/${request.userId}`, { countMax, windowMs });
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  return context.keyLeases.hold(() => makeToken(context, request));
}

export interface NewToken {
  readonly token: TokenRow;
  readonly seed: Uint8Array;
}

/** Makes a pending token with a new seed and stores nothing. Its parameters must have been checked. */
export async function makeSeed(
  context: Context,
  request: Omit<EnrolTokenRequest, 'idempotency' | 'shown'> & { readonly tokenId?: string },
): Promise<NewToken> {
  const { userId, type } = request;
  const bound = type === 'ocra';
  const algorithm = bound ? 'sha256' : (request.algorithm ?? 'sha1');
  const tokenId = request.tokenId ?? makeTokenId(context.random);
  const { wrapped, seed } = await context.vault.generateSeed(
    SEED_BYTES[algorithm],
    seedOwner(userId, tokenId),
  );
  const token: TokenRow = {
    userId,
    tokenId,
    type,
    status: 'pending',
    algorithm,
    digits: request.digits ?? 6,
    periodS: bound ? 60 : (request.periodS ?? 60),
    suite: bound ? BOUND_SUITE : '',
    label: request.label ?? '',
    seed: wrapped,
    activationQuestion: bound ? Buffer.from(context.random.bytes(32)).toString('hex') : '',
    createdAt: context.decider.now(),
  };
  return { token, seed };
}

async function makeToken(context: Context, request: EnrolTokenRequest): Promise<EnrolledToken | Refusal> {
  const { userId, type, idempotency } = request;
  const { token, seed } = await makeSeed(context, request);
  const { tokenId } = token;
  const { shown: given = {}, session } = request;
  const factor = session && (await SecondFactor.of(context, { session, act: 'enrol_token', shown: given }));
  const job: RepeatableJob<EnrolledToken | Refusal> = {
    userId,
    admits: (user, { at }) => !session || (user !== undefined && isSessionValid(user, session.sessionId, at)),
    judgeRepeat: (user, { at }, isSame) => factor?.judgeRepeat(user, at, isSame),
    evidence: (user, facts) => factor?.evidence(user, facts) ?? [],
    decide: (user, facts, macs) => {
      if (!user || user.version === 0) return { result: refuse('user_unknown') };
      const shown = factor?.judge(user, facts, macs) ?? { state: user.state, detail: {}, rows: [] };
      if ('result' in shown) return shown;
      const room = makeRoom(user, 1, facts.at);
      if (!room) {
        return { result: refuse('tokens_too_many', { detail: `at most ${LIMITS.tokensPerUserMax}` }) };
      }
      return {
        result: { token, seed },
        draft: {
          type: 'token.enrolled',
          // The token that was shown is not named: this entry is about the new one.
          detail: { ...shown.detail, token: tokenId, type },
          state: shown.state,
          ...('challenge' in shown ? { challenge: shown.challenge } : {}),
          rows: [...shown.rows, ...room, { kind: 'token.insert', token }],
        },
      };
    },
  };
  // A repeat gets the seed, so it must show the same again.
  const bound = await boundToShown(context, idempotency, given);
  const codec = await secretCodec<'seed', EnrolledToken>(context, userId, bound, 'seed', (bytes) => bytes);
  return (await context.decider.submit(idempotent(job, bound, codec))).result;
}

export function checkParameters({
  type,
  digits,
  periodS,
  algorithm,
  label,
}: Omit<EnrolTokenRequest, 'userId'>): Refusal | undefined {
  const wrong = (detail: string) => refuse('token_parameters_invalid', { detail });
  if (digits !== undefined && !(Number.isInteger(digits) && digits >= 6 && digits <= 8))
    return wrong('digits: 6 to 8');
  if (periodS !== undefined && !(Number.isInteger(periodS) && periodS >= 15 && periodS <= 300)) {
    return wrong('period_s: 15 to 300');
  }
  if (
    type === 'ocra' &&
    ((digits ?? 6) !== 6 || (periodS ?? 60) !== 60 || (algorithm ?? 'sha256') !== 'sha256')
  ) {
    return wrong(`an ocra token has the suite ${BOUND_SUITE}`);
  }
  if (type === 'hotp' && periodS !== undefined) return wrong('a hotp token has no period');
  if (label !== undefined && (Buffer.byteLength(label) > LIMITS.labelBytesMax || !isVisible(label))) {
    return wrong(`label: at most ${LIMITS.labelBytesMax} bytes of visible characters in NFC`);
  }
  return undefined;
}

/** base64url that begins with a letter: a command would read a leading `-` as an option. */
export function makeTokenId(random: Random): string {
  const bytes = Buffer.from(random.bytes(12));
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes.toString('base64url');
}

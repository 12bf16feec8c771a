import { type Refusal, refuse } from '../../domain/errors.ts';
import { identityQuestion } from '../../domain/identity/identity-question.ts';
import { readPublicKey, thumbprintOf } from '../../domain/identity/public-key.ts';
import { LIMITS } from '../../limits.ts';
import type { IdentityRow, IdentitySecretsRow, SideRow, UserId } from '../../ports/store.ts';
import { CodeFactor } from '../codes/code-factor.ts';
import { refusedCode } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Evidence, Macs } from '../decisions/evidence.ts';
import type { EntryOrigin, Facts, Proposal } from '../decisions/job.ts';
import { boundToCode } from '../idempotency/bound-to-code.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob, wholeResult } from '../idempotency/idempotent.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';
import type { User } from '../users/user.ts';

export interface EnrolIdentityRequest {
  readonly session: Session;
  /** Public keys (RFC 7517), as the client sent them. */
  readonly signJwk: unknown;
  readonly sealJwk: unknown;
  /** Of an `ocra` token, over both keys (`identityQuestion`). */
  readonly code: string;
  readonly address?: string;
  readonly idempotency?: Idempotency;
}

export type EnrolledIdentity = IdentityRow & { readonly repeated?: boolean };

/**
 * Enrols the keys by which a user signs messages and is sent sealed ones. The code is over both keys, so whoever is between
 * the user's device and the journal cannot put in others; the entry is what the directory says. Keys that were in force are
 * replaced by the same entry. Does NOT check that the caller has the private keys: who enrols another's key gains nothing,
 * since they can neither sign by it nor open what is sealed to it. Keys that the vault offered this user (`offerVaultKeys`) are
 * held by it from then on.
 *
 * Why a level is kept or not: docs/DECISIONS.md#a-level-is-carried-over-by-the-same-token
 */
export async function enrolIdentity(
  context: Context,
  request: EnrolIdentityRequest,
): Promise<EnrolledIdentity | Refusal> {
  const { session, code } = request;
  const keys = readKeys(request);
  if ('refused' in keys) return keys;
  const { identitiesPerUserMax: countMax, enrolmentsWindowMs: windowMs } = LIMITS;
  const wait = await context.rateLimiter.take(`identity/${session.userId}`, { countMax, windowMs });
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  const secrets = await context.store.findIdentitySecrets(session.userId);
  const custody = secrets.some((each) => isOffer(each, keys)) ? 'vault' : 'device';
  const job = new EnrolIdentityJob(context, request, keys, custody);
  const idempotency = request.idempotency && (await boundToCode(context, request.idempotency, code));
  const { result } = await context.decider.submit(
    idempotent(job, idempotency, wholeResult<EnrolledIdentity>()),
  );
  return result;
}

function isOffer({ version, signKey, sealKey }: IdentitySecretsRow, keys: Keys): boolean {
  return version === 0 && signKey === keys.signKey && sealKey === keys.sealKey;
}

type Keys = Pick<IdentityRow, 'signJwk' | 'sealJwk' | 'signKey' | 'sealKey'>;

function readKeys({ signJwk, sealJwk }: EnrolIdentityRequest): Keys | Refusal {
  const sign = readPublicKey(signJwk);
  if (typeof sign === 'string') return refuse('identity_key_invalid', { detail: `sign_jwk: ${sign}` });
  const seal = readPublicKey(sealJwk);
  if (typeof seal === 'string') return refuse('identity_key_invalid', { detail: `seal_jwk: ${seal}` });
  const [signKey, sealKey] = [thumbprintOf(sign), thumbprintOf(seal)];
  if (signKey === sealKey) return refuse('identity_key_invalid', { detail: 'one key for both' });
  return { signJwk: JSON.stringify(sign), sealJwk: JSON.stringify(seal), signKey, sealKey };
}

class EnrolIdentityJob implements RepeatableJob<EnrolledIdentity | Refusal> {
  readonly userId: UserId;
  readonly origin: EntryOrigin | undefined;
  readonly #session: Session;
  readonly #keys: Keys;
  readonly #custody: 'device' | 'vault';
  readonly #code: CodeFactor;

  constructor(
    context: Context,
    { session, code, address }: EnrolIdentityRequest,
    keys: Keys,
    custody: 'device' | 'vault',
  ) {
    this.userId = session.userId;
    this.origin = address === undefined ? undefined : { kind: 'address', name: address };
    this.#session = session;
    this.#keys = keys;
    this.#custody = custody;
    const { signKey: sign, sealKey: seal } = keys;
    this.#code = new CodeFactor(context, code, {
      purpose: 'enrolment',
      asker: { by: 'session', sessionId: session.sessionId },
      question: identityQuestion({ user: session.username, sign, seal }),
    });
  }

  admits(user: User | undefined, { at }: Facts): user is User {
    return user !== undefined && isSessionValid(user, this.#session.sessionId, at);
  }

  evidence(user: User, { at }: Facts): Evidence {
    return this.#code.evidence(user, at);
  }

  judgeRepeat(user: User, { at }: Facts, isSame: boolean): Proposal<Refusal> | undefined {
    return this.#code.judgeRepeat(user, at, isSame, { type: 'code.refused' });
  }

  /** A unique key exists: one of the two keys was enrolled before, by whomever. Or the vault's offer was replaced. */
  conflict(): Refusal {
    return refuse('identity_key_taken');
  }

  decide(user: User | undefined, facts: Facts, macs: Macs): Proposal<EnrolledIdentity | Refusal> {
    const { at } = facts;
    if (!this.admits(user, facts)) return { result: refuse('session_ended') };
    const judged = this.#code.judge(user, at, macs);
    if (judged.outcome !== 'accepted') return refusedCode(judged);
    if (judged.kind !== 'bound') {
      // The code proves presence alone, and is used up.
      const { state } = judged;
      return {
        result: refuse('bound_code_required'),
        draft: { type: 'code.refused', reason: 'bound_code_required', state },
      };
    }
    const { tokenId } = judged;
    const { identity: before } = user.state;
    const level = before?.verifiedToken === tokenId ? 'factor' : 'self_asserted';
    const version = user.version + 1;
    const identity: IdentityRow = {
      ...this.#keys,
      ...{ userId: user.id, version, level, seen: '', verifiedBy: '', tokenId },
      ...{ enrolledAt: at, revokedAt: 0, revokedReason: '' },
    };
    const { signKey: sign, sealKey: seal } = this.#keys;
    const verified = level === 'factor' ? { verifiedToken: tokenId } : {};
    return {
      result: identity,
      draft: {
        type: 'identity.enrolled',
        detail: {
          ...{ level, seal, sign, token: tokenId },
          ...(before ? { replaces: before.version } : {}),
          ...(this.#custody === 'vault' ? { custody: 'vault' } : {}),
        },
        state: { ...judged.state, identity: { version, ...verified } },
        rows: [
          ...(before
            ? [
                {
                  kind: 'identity.update',
                  userId: user.id,
                  version: before.version,
                  revokedAt: at,
                  revokedReason: 'rotated',
                } as const,
              ]
            : []),
          { kind: 'identity.insert', identity },
          this.#secretsRow(user.id, version),
        ],
      },
    };
  }
  /** What was in force before, or offered, is destroyed. */
  #secretsRow(userId: UserId, version: number): SideRow {
    return this.#custody === 'vault'
      ? { kind: 'identity_secrets.enrol', userId, signKey: this.#keys.signKey, version }
      : { kind: 'identity_secrets.delete', userId };
  }
}

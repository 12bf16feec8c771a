import type {
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { PasskeyRow } from '../../ports/store.ts';
import { SecondFactor, type Shown } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Facts } from '../decisions/job.ts';
import { findRecord, type Idempotency, repeated } from '../idempotency/idempotency-record.ts';
import { idempotent, type RepeatableJob, wholeResult } from '../idempotency/idempotent.ts';
import { findValidSession, isSessionValid, proven, type Session } from '../sessions/session.ts';
import { endedByFirst } from '../tokens/authenticators.ts';
import { checkParameters } from '../tokens/enrol-token.ts';
import type { User } from '../users/user.ts';
import {
  challengeOf,
  nonceOfClientData,
  PASSKEY_ALGORITHMS,
  type RelyingParty,
  relyingPartyIdOf,
  userHandleOf,
} from './passkeys.ts';
import { shortPasskeyId } from './short-passkey-id.ts';

const NAME = 'Sello';

/** The options by which a browser makes a passkey (WebAuthn section 5.4). Stores nothing. */
export async function passkeyRegistrationOptions(
  context: Context,
  { session, relyingParty }: { readonly session: Session; readonly relyingParty: RelyingParty },
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { generateRegistrationOptions } = await import('@simplewebauthn/server');
  const { challenges, decider, userCache } = context;
  const at = decider.now();
  await challenges.ensureKeys(at);
  const user = await userCache.reload(session.userId);
  return generateRegistrationOptions({
    rpName: NAME,
    rpID: relyingPartyIdOf(relyingParty),
    userName: session.username,
    userID: userHandleOf(session.userId),
    challenge: challengeOf(challenges.issue(`passkey/${session.userId}`, at)),
    attestationType: 'none',
    excludeCredentials: (user?.passkeys ?? []).map(({ credentialId }) => ({ id: credentialId })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
  });
}

export interface RegisterPasskeyRequest {
  readonly session: Session;
  readonly relyingParty: RelyingParty;
  readonly response: RegistrationResponseJSON;
  readonly label: string;
  /** Of a token or passkey, where the user has one (`SecondFactor`). */
  readonly shown?: Shown;
  readonly idempotency?: Idempotency;
}

/** `repeated`: a repeat of an idempotency key, whose digest covers the browser's response. */
export type RegisteredPasskey = PasskeyRow & { readonly repeated?: boolean };

/**
 * Registers a passkey that a browser made (WebAuthn section 7.1): a way to log in without password and code. As a
 * user's first authenticator it ends what the password alone made (`endedByFirst`), and its session has shown it. Does NOT
 * check the make of the authenticator: no attestation is asked for, and one with certificates is refused.
 */
export async function registerPasskey(
  context: Context,
  request: RegisterPasskeyRequest,
): Promise<RegisteredPasskey | Refusal> {
  const { session, label, idempotency } = request;
  // First, because the challenge of a repeat is spent by now.
  const before = await findRecord<PasskeyRow>(context, session.userId, idempotency);
  if (before) return repeated(before);
  const { rateLimiter, decider } = context;
  const { enrolmentsPerUserMax: countMax, enrolmentsWindowMs: windowMs } = LIMITS;
  const wait = await rateLimiter.take(`passkey/${session.userId}`, { countMax, windowMs });
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  const invalid = checkParameters({ type: 'ocra', label });
  if (invalid) return invalid;
  const verified = await verify(context, request);
  if ('refused' in verified) return verified;

  const { nonce, passkey } = verified;
  const factor = await SecondFactor.of(context, { ...request, act: 'register_passkey' });
  const admits = (user: User | undefined, { at }: Facts) =>
    user !== undefined && isSessionValid(user, session.sessionId, at);
  const job: RepeatableJob<RegisteredPasskey | Refusal> = {
    userId: session.userId,
    admits,
    evidence: (user, facts) => factor.evidence(user, facts),
    decide: (user, facts, macs) => {
      const { at, isSpent } = facts;
      const held = user && findValidSession(user, session.sessionId, at);
      if (!user || !held) return { result: refuse('session_ended') };
      if (isSpent(nonce)) return { result: refuse('passkey_invalid', { detail: 'challenge_spent' }) };
      if (user.passkeys.some(({ credentialId }) => credentialId === passkey.credentialId)) {
        return { result: refuse('passkey_invalid', { detail: 'it is there already' }) };
      }
      if (user.passkeys.length >= LIMITS.passkeysPerUserMax) {
        return { result: refuse('passkeys_too_many', { detail: `at most ${LIMITS.passkeysPerUserMax}` }) };
      }
      const shown = factor.judge(user, facts, macs);
      if ('result' in shown) return shown;
      const made = { ...passkey, createdAt: at };
      return {
        result: made,
        draft: {
          type: 'token.enrolled',
          detail: { method: 'passkey', passkey: shortPasskeyId(made), ...shown.detail },
          state: shown.state,
          // One entry spends one challenge. A repeat of the registration finds its credential there.
          challenge: shown.challenge ?? nonce,
          rows: [
            ...(shown.rows.length > 0 ? shown.rows : proven(held, at)),
            ...endedByFirst(user, { session: held }),
            { kind: 'passkey.insert', passkey: made },
          ],
        },
      };
    },
  };
  return (await decider.submit(idempotent(job, idempotency, wholeResult<RegisteredPasskey>()))).result;
}

async function verify(
  { challenges, decider }: Context,
  { session, relyingParty, response, label }: RegisterPasskeyRequest,
): Promise<{ readonly nonce: string; readonly passkey: PasskeyRow } | Refusal> {
  const nonce = nonceOfClientData(response.response.clientDataJSON);
  const at = decider.now();
  await challenges.ensureKeys(at);
  const verdict = nonce && challenges.verify(nonce, `passkey/${session.userId}`, at);
  if (verdict !== 'authentic' || !nonce) {
    return refuse('passkey_invalid', { detail: verdict || 'challenge_unknown' });
  }
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
  try {
    if (await hasCertificates(response)) return refuse('passkey_invalid', { detail: 'attestation' });
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: Buffer.from(nonce, 'hex').toString('base64url'),
      expectedOrigin: relyingParty.origin,
      expectedRPID: relyingPartyIdOf(relyingParty),
      requireUserVerification: true,
      supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
    });
    if (!verified) return refuse('passkey_invalid');
    const { id, publicKey, counter } = registrationInfo.credential;
    const passkey: PasskeyRow = {
      ...{ userId: session.userId, credentialId: id, label, createdAt: at, signCount: counter },
      publicKey: Buffer.from(publicKey).toString('base64url'),
    };
    return { nonce, passkey };
  } catch {
    // The library throws for whatever does not fit; the reason would help nobody but an attacker.
    return refuse('passkey_invalid');
  }
}

/** Certificates are refused because verifying a chain would fetch from addresses that it names. */
async function hasCertificates({ response }: RegistrationResponseJSON): Promise<boolean> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers');
  const statement = decodeAttestationObject(
    new Uint8Array(Buffer.from(response.attestationObject, 'base64url')),
  );
  const form = statement.get('fmt');
  return form !== 'none' && !(form === 'packed' && statement.get('attStmt').get('x5c') === undefined);
}

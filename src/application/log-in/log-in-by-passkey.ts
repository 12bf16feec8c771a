import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import type { RepeatableJob } from '../idempotency/idempotent.ts';
import { counts, verifyAssertion } from '../passkeys/assertion.ts';
import {
  challengeOf,
  nonceOfClientData,
  type RelyingParty,
  relyingPartyIdOf,
  userIdOfHandle,
} from '../passkeys/passkeys.ts';
import { shortPasskeyId } from '../passkeys/short-passkey-id.ts';
import { openSession } from '../sessions/open-session.ts';
import { makeSessionSecret } from '../sessions/session.ts';
import { type LogIn, submitLogIn } from './submit-log-in.ts';

const BINDING = 'passkey/log-in';

/**
 * The options by which a browser logs in (WebAuthn section 5.5). They name no credential and are the same for everyone,
 * so they do not tell who has a passkey.
 */
export async function passkeyLogInOptions(
  { challenges, decider }: Context,
  relyingParty: RelyingParty,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
  const at = decider.now();
  await challenges.ensureKeys(at);
  return generateAuthenticationOptions({
    rpID: relyingPartyIdOf(relyingParty),
    challenge: challengeOf(challenges.issue(BINDING, at)),
    userVerification: 'required',
  });
}

export interface LogInPasskeyRequest {
  readonly response: AuthenticationResponseJSON;
  readonly relyingParty: RelyingParty;
  readonly address: string;
  readonly label?: string;
  readonly idempotency?: Idempotency;
}

/**
 * Logs a user in by passkey (WebAuthn section 7.2) in place of password and code: the authenticator has verified its
 * user, so it stands for both. Locks of either do not apply, because a signature cannot be guessed.
 *
 * Why: docs/DECISIONS.md#passkeys-stand-for-password-and-code
 */
export async function logInByPasskey(
  context: Context,
  request: LogInPasskeyRequest,
): Promise<LogIn | Refusal> {
  const { responsePadding } = context;
  const startedAt = responsePadding.now();
  const outcome = await decide(context, request);
  if ('refused' in outcome && outcome.refused !== 'rate_limited') {
    // An answer names a user by number and a passkey: the time to look for them would tell which exist.
    await responsePadding.pad(startedAt, LIMITS.logInResponsePaddingMs);
  }
  return outcome;
}

async function decide(context: Context, request: LogInPasskeyRequest): Promise<LogIn | Refusal> {
  const { rateLimiter, settings, refusalCounter, decider, userCache, challenges } = context;
  const wait = await rateLimiter.take(`log-in/${request.address}`, settings.rateLimits.logIns);
  if (wait > 0) {
    refusalCounter.count('login.refused', 'rate_limited');
    return refuse('rate_limited', { retryAfterMs: wait });
  }
  const refused = (): Refusal => {
    refusalCounter.count('login.refused', 'passkey_refused');
    return refuse('passkey_refused');
  };
  const { id, response } = request.response;
  const nonce = nonceOfClientData(response.clientDataJSON);
  const at = decider.now();
  await challenges.ensureKeys(at);
  if (!nonce || challenges.verify(nonce, BINDING, at) !== 'authentic') return refused();
  const userId = userIdOfHandle(response.userHandle);
  const user = userId === undefined ? undefined : await userCache.reload(userId);
  const passkey = user?.passkeys.find(({ credentialId }) => credentialId === id);
  const signCount = passkey && (await verifyAssertion(request, passkey, nonce));
  if (!user || !passkey || signCount === undefined) return refused();

  const secret = makeSessionSecret(user.id, context.random);
  const job: RepeatableJob<LogIn | Refusal> = {
    userId: user.id,
    admits: (user) =>
      user?.disabled === false && user.passkeys.some(({ credentialId }) => credentialId === id),
    decide: (user, { at, isSpent }) => {
      const held = user?.passkeys.find(({ credentialId }) => credentialId === id);
      // Of two log-ins with one assertion the second finds the challenge spent or the counter ahead.
      if (!user || !held || isSpent(nonce) || !counts(held.signCount, signCount)) {
        return { result: refuse('passkey_refused') };
      }
      const detail = { method: 'passkey', passkey: shortPasskeyId(held) };
      if (user.disabled) {
        return {
          result: refuse('user_disabled'),
          draft: {
            type: 'login.refused',
            reason: 'user_disabled',
            detail,
            state: user.state,
            challenge: nonce,
          },
        };
      }
      const { label } = request;
      const { session, rows } = openSession(context, user, at, { secret, label, proof: 'second_factor' });
      return {
        result: { session, secret },
        draft: {
          ...{ type: 'login.accepted', detail, state: user.state, challenge: nonce },
          rows: [
            ...rows,
            ...(signCount === held.signCount
              ? []
              : [{ kind: 'passkey.update', userId: user.id, credentialId: id, signCount } as const]),
          ],
        },
      };
    },
  };
  return submitLogIn(context, job, request.idempotency);
}

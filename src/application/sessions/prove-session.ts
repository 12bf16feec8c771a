import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { passkeyProofBinding, SecondFactor, type Shown } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { challengeOf, type RelyingParty, relyingPartyIdOf } from '../passkeys/passkeys.ts';
import { hasAuthenticator } from '../tokens/authenticators.ts';
import { isSessionValid, type Session } from './session.ts';

export interface ProvenSession {
  /** Until when what asks for a fresh code or passkey takes this one, ms since 1970. */
  readonly until: number;
}

/**
 * Records that the session's user has shown a token or passkey now (step-up, RFC 9470): what administrators change, and
 * revoking, asks for this anew after `proof_ttl_ms`. A wrong code counts and locks like any other.
 */
export async function proveSession(
  context: Context,
  session: Session,
  shown: Shown,
): Promise<ProvenSession | Refusal> {
  const factor = await SecondFactor.of(context, { session, act: 'prove_session', shown });
  const job: Job<ProvenSession | Refusal> = {
    userId: session.userId,
    evidence: (user, facts) => factor.evidence(user, facts),
    decide: (user, facts, macs) => {
      const { at } = facts;
      if (!user || !isSessionValid(user, session.sessionId, at)) return { result: refuse('session_ended') };
      if (!hasAuthenticator(user)) return { result: refuse('authenticator_required') };
      const judged = factor.require(user, facts, macs);
      if ('result' in judged) return judged;
      const { state, detail, rows, challenge } = judged;
      return {
        result: { until: at + context.settings.proofTtlMs },
        draft: {
          ...{ type: 'code.accepted', detail: { ...detail, method: 'session' }, state, rows },
          ...(challenge === undefined ? {} : { challenge }),
        },
      };
    },
  };
  return (await context.decider.submit(job)).result;
}

/** The options by which a browser shows one of the user's passkeys in this session (WebAuthn section 5.5). */
export async function passkeyProofOptions(
  { challenges, decider, userCache }: Context,
  session: Session,
  relyingParty: RelyingParty,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
  const at = decider.now();
  await challenges.ensureKeys(at);
  const user = await userCache.reload(session.userId);
  return generateAuthenticationOptions({
    rpID: relyingPartyIdOf(relyingParty),
    challenge: challengeOf(challenges.issue(passkeyProofBinding(session), at)),
    allowCredentials: (user?.passkeys ?? []).map(({ credentialId }) => ({ id: credentialId })),
    userVerification: 'required',
  });
}

import { hash } from 'node:crypto';
import { isRefusal, type Refusal, refuse, VaultUnavailable } from '../../domain/errors.ts';
import { readPublicKey } from '../../domain/identity/public-key.ts';
import { type VaultUse, vaultUsesQuestionText, vaultUsesText } from '../../domain/identity/vault-uses.ts';
import { LIMITS } from '../../limits.ts';
import type { IdentitySecretsRow } from '../../ports/store.ts';
import { CodeFactor } from '../codes/code-factor.ts';
import { refusedCode } from '../codes/second-factor.ts';
import type { Context } from '../context.ts';
import type { Job } from '../decisions/job.ts';
import { identityKeyOwner } from '../keys/key-owner.ts';
import { isSessionValid, type Session } from '../sessions/session.ts';

export interface ApplyVaultKeysRequest {
  readonly session: Session;
  /** 1 to `LIMITS.identityUsesMax`. */
  readonly uses: readonly VaultUse[];
  /** A nonce of the session. The decision spends it. */
  readonly challenge: string;
  /** Of an `ocra` token, over the uses and the challenge (`vaultUsesQuestionText`). */
  readonly code: string;
  readonly address?: string;
}

/** Of `sign`: ES256, r‖s. Of `open`: the key that wraps the message's content key. */
export type VaultUseResult = { readonly signature: Uint8Array } | { readonly key: Uint8Array };

/**
 * Signs and opens by keys of messages that the vault holds for the user:
 *
 * 1. The keys must be those in force, and each ephemeral key a point on the curve.
 * 2. A code over exactly these uses, and over a challenge of the session, which it spends.
 * 3. The entry says how many were signed and opened, and the digest of what the code covered. Only then is a key used.
 *
 * Where the vault fails after the entry, nothing was signed, and the code is used up. Does NOT see what is signed or opened.
 * @returns in the order of the uses
 * @throws VaultUnavailable
 *
 * Why: docs/DECISIONS.md#keys-in-the-vault-take-a-code-for-each-use
 */
export async function applyVaultKeys(
  context: Context,
  request: ApplyVaultKeysRequest,
): Promise<readonly VaultUseResult[] | Refusal> {
  const { rateLimiter, challenges, decider } = context;
  const { session, uses } = request;
  const fault = uses.map(({ open }) => open && readPublicKey(open)).find((read) => typeof read === 'string');
  if (fault !== undefined) return refuse('identity_key_invalid', { detail: `open: ${fault}` });
  const { identityUsesPerUserMax: countMax, enrolmentsWindowMs: windowMs } = LIMITS;
  const wait = await rateLimiter.take(`identity-use/${session.userId}`, { countMax, windowMs });
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  const held = await inForce(context, session);
  if (!held) return refuse('vault_keys_unknown');
  await challenges.ensureKeys(decider.now());
  const { result } = await decider.submit(jobOf(context, request, held.version));
  if (isRefusal(result)) return result;
  // Read again: a rotation may have wrapped them anew meanwhile.
  const secrets = await inForce(context, session);
  return secrets?.version === held.version ? carryOut(context, secrets, uses) : refuse('identity_changed');
}

async function inForce({ store }: Context, { userId }: Session): Promise<IdentitySecretsRow | undefined> {
  return (await store.findIdentitySecrets(userId)).find(({ version }) => version > 0);
}

function jobOf(
  context: Context,
  { session, uses, challenge, code, address }: ApplyVaultKeysRequest,
  version: number,
): Job<Refusal | undefined> {
  const { userId, sessionId, username: user } = session;
  const digest = hash('sha256', vaultUsesText(uses), 'hex');
  const question = hash('sha256', vaultUsesQuestionText({ user, challenge, digest }), 'hex');
  const asker = { by: 'session', sessionId } as const;
  const factor = new CodeFactor(context, code, { purpose: 'enrolment', asker, question });
  return {
    userId,
    origin: address === undefined ? undefined : { kind: 'address', name: address },
    evidence: (found, { at }) => factor.evidence(found, at),
    decide: (found, { at, isSpent }, macs) => {
      if (!found || !isSessionValid(found, sessionId, at)) return { result: refuse('session_ended') };
      if (found.state.identity?.version !== version) return { result: refuse('identity_changed') };
      const verdict = context.challenges.verify(challenge, `session/${sessionId}`, at);
      if (verdict !== 'authentic') return { result: refuse(verdict) };
      if (isSpent(challenge)) return { result: refuse('challenge_spent') };
      const judged = factor.judge(found, at, macs);
      if (judged.outcome !== 'accepted') return refusedCode(judged);
      const { state, tokenId: token } = judged;
      if (judged.kind !== 'bound') {
        const reason = 'bound_code_required';
        return { result: refuse(reason), draft: { type: 'code.refused', reason, state } };
      }
      const signed = uses.filter(({ sign }) => sign !== undefined).length;
      const detail = { digest, enrolled: version, opened: uses.length - signed, signed, token };
      return { result: undefined, draft: { type: 'identity.used', detail, state, challenge } };
    },
  };
}

async function carryOut(
  { vault }: Context,
  { userId, signWrapped, sealWrapped }: IdentitySecretsRow,
  uses: readonly VaultUse[],
): Promise<readonly VaultUseResult[]> {
  const digests = uses.flatMap(({ sign }) => (sign === undefined ? [] : [Buffer.from(sign, 'hex')]));
  const points = uses.flatMap(({ open }) =>
    open === undefined
      ? []
      : [Buffer.concat([POINT, Buffer.from(open.x, 'base64url'), Buffer.from(open.y, 'base64url')])],
  );
  const signOwner = identityKeyOwner(userId, 'sign');
  const sealOwner = identityKeyOwner(userId, 'seal');
  const [signatures, keys] = await Promise.all([
    vault.signByKeys(digests.map((digest) => ({ owner: signOwner, wrapped: signWrapped, digest }))),
    vault.agreeByKeys(points.map((publicPoint) => ({ owner: sealOwner, wrapped: sealWrapped, publicPoint }))),
  ]);
  const [signed, agreed] = [signatures.values(), keys.values()];
  return uses.map(({ sign }) => {
    const done = sign === undefined ? agreed.next().value : signed.next().value;
    if (!done) throw new VaultUnavailable('the vault does not open the keys of a user');
    return sign === undefined ? { key: done } : { signature: done };
  });
}

/** An uncompressed point follows (SEC 1 section 2.3.3). */
const POINT = Uint8Array.of(4);

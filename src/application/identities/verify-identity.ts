import { type Refusal, refuse } from '../../domain/errors.ts';
import { isVisible } from '../../domain/visible-text.ts';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';

export interface VerifyIdentityRequest {
  readonly username: string;
  /** The thumbprint of the signing key that was compared with the person. */
  readonly sign: string;
  /** What was seen of the person, such as the kind and number of a document. */
  readonly seen: string;
  /** The administrator's name; `operator` for the command. */
  readonly by: string;
}

/**
 * Records that somebody looked at the person whose keys these are. It counts for the keys that were compared: had they been
 * replaced meanwhile, the answer is `identity_changed`. Does NOT check what was seen.
 * @returns undefined when it is recorded
 */
export async function verifyIdentity(
  { decider, store }: Context,
  { username, sign, seen, by }: VerifyIdentityRequest,
): Promise<Refusal | undefined> {
  if (!isVisible(seen) || seen === '' || Buffer.byteLength(seen) > LIMITS.identitySeenBytesMax)
    return refuse('message_invalid', {
      detail: `seen: visible text, 1 to ${LIMITS.identitySeenBytesMax} bytes`,
    });
  const found = await store.findIdentity(username);
  if (!found) return refuse('identity_unknown');
  if (found.signKey !== sign) return refuse('identity_changed');
  const { userId, version, tokenId } = found;
  const { result } = await decider.submit<Refusal | undefined>({
    userId,
    decide: (user) => {
      if (user?.state.identity?.version !== version) return { result: refuse('identity_changed') };
      return {
        result: undefined,
        draft: {
          type: 'admin.identity_verified',
          detail: { by, enrolled: version, seen, sign },
          state: {
            ...user.state,
            identity: { version, verifiedToken: tokenId, verifiedVersion: user.version + 1 },
          },
          rows: [{ kind: 'identity.update', userId, version, level: 'operator', seen, verifiedBy: by }],
        },
      };
    },
  });
  return result;
}

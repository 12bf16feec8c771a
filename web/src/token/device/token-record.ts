import type { ClaimedDevice } from '../enrolment/claimed-device.ts';
import { type Keys, keysOf, type Root } from '../keyring/keyring.ts';
import { seal, unseal } from '../keyring/sealed.ts';
import type { TokenRecord } from './storage.ts';

/** Additional data of a seal: it binds the seal to its token and part. */
export function sealedContext(tokenId: string, part: 'codes' | 'approvals' | 'session'): string {
  return `sello token ${tokenId} ${part} 1`;
}

/** Seals a claimed token for storage. Overwrites the seeds in `claimed`. */
export async function sealClaim(
  { username, session, tokens }: ClaimedDevice,
  { codes, approvals }: Keys,
  { label, enrolledAtMs }: { readonly label: string; readonly enrolledAtMs: number },
): Promise<TokenRecord> {
  const plain = tokens.find((token) => token.type === 'totp');
  const bound = tokens.find((token) => token.type === 'ocra');
  const id = bound?.id ?? plain?.id ?? '';
  const secret = new TextEncoder().encode(session);
  const record: TokenRecord = {
    ...{ id, username, label, enrolledAtMs, status: 'pending' },
    ...(plain
      ? {
          codes: {
            ...{ id: plain.id, algorithm: plain.algorithm, digits: plain.digits, periodS: plain.periodS },
            seed: await seal(codes, plain.seed, sealedContext(id, 'codes')),
          },
        }
      : {}),
    ...(bound
      ? {
          approvals: {
            ...{ id: bound.id, activationQuestion: bound.activationQuestion },
            seed: await seal(approvals, bound.seed, sealedContext(id, 'approvals')),
          },
        }
      : {}),
    session: await seal(codes, secret, sealedContext(id, 'session')),
  };
  for (const { seed } of tokens) seed.fill(0);
  return record;
}

/** Opens the seed of a token's bound codes. @throws Error if the token has none, or it does not open */
export async function unsealApprovalSeed(
  { id, approvals }: TokenRecord,
  root: Root,
): Promise<Uint8Array<ArrayBuffer>> {
  const keys = await keysOf(root);
  const seed = approvals && (await unseal(keys.approvals, approvals.seed, sealedContext(id, 'approvals')));
  if (!seed) throw new Error('this token has no seed for approvals');
  return seed;
}

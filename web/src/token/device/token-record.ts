import type { ClaimedDevice } from '../enrolment/claimed-device.ts';
import type { Keys } from '../keyring/keyring.ts';
import { seal } from '../keyring/sealed.ts';
import type { TokenRecord } from './storage.ts';

/** What a sealed part is and whose: one moved to another place does not open. */
export function sealedContext(tokenId: string, part: 'codes' | 'approvals' | 'session'): string {
  return `sello token ${tokenId} ${part} 1`;
}

/** A claimed token at rest. The seeds in `claimed` are overwritten. */
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

import { setImmediate } from 'node:timers/promises';
import type { EntryType } from '../../domain/journal/entry.ts';
import type { JournalEntry } from '../../ports/journal-reader.ts';
import type { TokenRow } from '../../ports/store.ts';
import type { Context } from '../context.ts';

export interface TokenUse {
  /** ms since 1970 */
  readonly at: number;
  readonly accepted: boolean;
  readonly reason?: string;
  readonly purpose: 'log_in' | 'transaction' | 'validation' | 'activation';
  readonly transactionId?: string;
}

const PURPOSE_OF: Partial<Record<EntryType, TokenUse['purpose']>> = {
  'login.accepted': 'log_in',
  'login.refused': 'log_in',
  'transaction.approved': 'transaction',
  'transaction.refused': 'transaction',
  'transaction.requested': 'transaction',
  'code.accepted': 'validation',
  'code.refused': 'validation',
  'token.activated': 'activation',
};

const ENTRIES_PER_READ = 256;
const ENTRIES_PER_PAGE_MAX = 4_096;

/**
 * Lists the token's accepted codes, and the refused codes that it could have shown, newest first, from the user's
 * journal entries below version `page.below`. One page reads at most `ENTRIES_PER_PAGE_MAX` entries, so it may be empty
 * and still have a `next`.
 */
export async function listTokenUses(
  { store }: Context,
  token: TokenRow,
  page: { readonly below: number; readonly limit: number },
): Promise<{ readonly uses: readonly TokenUse[]; readonly next?: number }> {
  const uses: TokenUse[] = [];
  let below = page.below;
  for (let read = 0; read < ENTRIES_PER_PAGE_MAX; read += ENTRIES_PER_READ) {
    // A store in this process reads synchronously: let other work run between two reads.
    if (read > 0) await setImmediate();
    const entries = await store.readUserJournal(token.userId, { below, limit: ENTRIES_PER_READ });
    for (const entry of entries) {
      below = entry.version;
      if (entry.at < token.createdAt) return { uses };
      const use = tokenUseOf(entry, token.tokenId);
      if (!use) continue;
      uses.push(use);
      if (uses.length === page.limit) return below > 1 ? { uses, next: below } : { uses };
    }
    if (entries.length < ENTRIES_PER_READ) return { uses };
  }
  return { uses, next: below };
}

function tokenUseOf({ type, at, body }: JournalEntry, tokenId: string): TokenUse | undefined {
  const purpose = PURPOSE_OF[type];
  if (!purpose) return undefined;
  const { reason, detail, transaction } = JSON.parse(body) as {
    reason?: string;
    detail?: { token?: string; service?: string };
    transaction?: { id: string };
  };
  const accepted = reason === undefined;
  // A wrong code names no token. A refusal for another reason than the code is no use of a token.
  const concerns = accepted
    ? detail?.token === tokenId
    : reason.includes('code_') && !reason.endsWith('_required') && (detail?.token ?? tokenId) === tokenId;
  if (!concerns) return undefined;
  return {
    at,
    accepted,
    ...(accepted ? {} : { reason }),
    purpose: type === 'code.refused' ? purposeOfRefused(detail, transaction) : purpose,
    ...(transaction ? { transactionId: transaction.id } : {}),
  };
}

/** Tells a code refused at a service from one at an approval and from a token's first code. */
function purposeOfRefused(
  detail: { readonly service?: string; readonly token?: string } | undefined,
  transaction: object | undefined,
): TokenUse['purpose'] {
  if (detail?.service !== undefined) return 'validation';
  if (transaction) return 'transaction';
  return detail?.token === undefined ? 'validation' : 'activation';
}

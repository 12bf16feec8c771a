/*
 * Shared by tests of decisions: a context with some parts wrapped, requests to authorise, and the journal read back.
 */
import { createHash, createHmac } from 'node:crypto';
import { issueChallenges } from '../../../src/application/challenges/issue-challenges.ts';
import type { Context } from '../../../src/application/context.ts';
import { Decider } from '../../../src/application/decisions/decider.ts';
import { EntryQuota } from '../../../src/application/decisions/entry-quota.ts';
import { UserCache } from '../../../src/application/decisions/user-cache.ts';
import { RefusalCounter } from '../../../src/application/lockout/refusal-counter.ts';
import { ReceiptSigner } from '../../../src/application/receipts/receipt-signer.ts';
import type { Session } from '../../../src/application/sessions/session.ts';
import type { AuthoriseRequest } from '../../../src/application/transactions/authorisation.ts';
import type { Application } from '../../../src/compose.ts';
import type { Transfer } from '../../../src/domain/transaction/canonical-transaction.ts';
import type { PasswordCaller, PasswordHasher } from '../../../src/ports/password-hasher.ts';
import { PASSWORD } from '../../services/application.ts';

/** The real application's context with some of its parts wrapped, and a decider, a user cache and a refusal counter of its own on them. */
export function rewired(application: Application, parts: Partial<Context>): Context {
  const { context } = application;
  const { store, vault, clock, settings } = { ...context, ...parts };
  const { challengeTtlMs } = settings.keys;
  const userCache = new UserCache({ store, clock, challengeTtlMs });
  const decider = new Decider({
    store,
    vault,
    clock,
    userCache,
    entryQuota: new EntryQuota(settings.rateLimits),
    random: context.random,
  });
  return {
    ...context,
    ...parts,
    decider,
    userCache,
    receiptSigner: new ReceiptSigner(vault),
    refusalCounter: new RefusalCounter(decider, () => undefined),
  };
}

/** Counts what is computed by the real hasher. */
export class CountingHasher implements PasswordHasher {
  verifications = 0;
  hashes = 0;
  readonly #hasher: PasswordHasher;

  constructor(hasher: PasswordHasher) {
    this.#hasher = hasher;
  }

  get queueLength(): number {
    return this.#hasher.queueLength;
  }

  hash(password: string, caller?: PasswordCaller): Promise<string | undefined> {
    this.hashes++;
    return this.#hasher.hash(password, caller);
  }

  verify(phc: string | undefined, password: string, caller?: PasswordCaller): Promise<boolean | undefined> {
    this.verifications++;
    return this.#hasher.verify(phc, password, caller);
  }

  retryAfterMs(): number {
    return this.#hasher.retryAfterMs();
  }
}

export const TRANSFER: Transfer = { amount: '100.00', currency: 'EUR', payee: 'CuentaB', payer: 'CuentaA' };

const macKey = createHash('sha256').update(PASSWORD).digest();

/** A request whose MAC fits. */
export function withMac(
  session: Session,
  challenge: string,
  more: Partial<AuthoriseRequest> = {},
): AuthoriseRequest {
  const message = Buffer.from(`CuentaA,CuentaB,100.00${challenge}`);
  return {
    session,
    transfer: TRANSFER,
    challenge,
    mac: { message, value: createHmac('sha256', macKey).update(message).digest('hex') },
    ...more,
  };
}

export async function nonces(context: Context, session: Session, count: number): Promise<string[]> {
  const issued = await issueChallenges(context, session, count);
  if ('refused' in issued) throw new Error(issued.refused);
  return issued.map(({ nonce }) => nonce);
}

export interface Noted {
  readonly type: string;
  readonly version: number;
  readonly at: string;
  readonly reason?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly transaction?: { readonly id: string; readonly payee: string };
}

/** A user's entries, oldest first. */
export async function entriesOf(context: Context, userId: number): Promise<readonly Noted[]> {
  const entries = await context.store.readUserJournal(userId, {
    below: Number.POSITIVE_INFINITY,
    limit: 100_000,
  });
  return entries.map(({ body }) => JSON.parse(body) as Noted).toReversed();
}

/** How many entries of each kind: `login.refused credentials_invalid`. */
export function countByKind(entries: readonly Noted[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { type, reason } of entries) {
    const kind = reason ? `${type} ${reason}` : type;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

// Entries and rows for the contract of stores: users whose decisions follow each other.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { type EntryType, encodeBody, type RecordedTransaction } from '../../src/domain/journal/entry.ts';
import { chainHash, GENESIS_HASH } from '../../src/domain/journal/hash-chain.ts';
import type {
  Decision,
  NewUser,
  PasskeyRow,
  SessionRow,
  SideRow,
  Store,
  TokenRow,
  TransactionRow,
  UserId,
} from '../../src/ports/store.ts';

/** A user's entries as a test makes them: each decision continues from the one before it. */
export class Chain {
  readonly userId: UserId;
  readonly username: string;
  version = 0;
  hash = GENESIS_HASH;

  constructor(userId: UserId, username = `user${userId}`) {
    this.userId = userId;
    this.username = username;
  }

  /** The next decision. The chain moves on as if it were appended: `fork` first to make rivals. */
  next(more: NextDecision = {}): Decision {
    const {
      type = 'login.accepted',
      at = 1_000,
      state = '{}',
      challenge,
      rows = [],
      detail,
      reason,
      transaction,
    } = more;
    this.version++;
    const body = encodeBody({
      at,
      ...(detail === undefined ? {} : { detail }),
      ...(reason === undefined ? {} : { reason }),
      ...(transaction === undefined ? {} : { transaction }),
      type,
      user: this.username,
      version: this.version,
    });
    this.hash = chainHash(this.hash, body);
    const { userId, version } = this;
    return { entry: { userId, version, at, type, state, body, hash: this.hash, challenge }, rows };
  }

  /** The next decision: it approves one that waits, and says so. */
  approval({ transactionId, ...waiting }: TransactionRow, at = 1_000): Decision {
    const { amount, challenge, currency, payee, payer } = waiting;
    return this.next({
      ...{ type: 'transaction.approved', at },
      transaction: { amount, challenge, currency, payee, payer, id: transactionId, v: 1 },
      rows: [
        {
          ...{ kind: 'transaction.update', userId: this.userId, transactionId },
          ...{ status: 'approved', decidedAt: at, decidedVersion: this.version + 1, reason: '' },
        },
      ],
    });
  }

  registration(more: Partial<NewUser> & { readonly at?: number } = {}): Decision {
    const user = newUser(this.userId, { username: this.username, ...more });
    return this.next({
      type: 'user.registered',
      at: more.at ?? user.createdAt,
      rows: [{ kind: 'user.insert', ...user }],
    });
  }

  fork(): Chain {
    const copy = new Chain(this.userId, this.username);
    copy.version = this.version;
    copy.hash = this.hash;
    return copy;
  }
}

export interface NextDecision {
  readonly type?: EntryType;
  readonly at?: number;
  readonly state?: string;
  readonly challenge?: string;
  readonly rows?: readonly SideRow[];
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
  readonly reason?: string;
  readonly transaction?: RecordedTransaction;
}

/** Ids of the store's own, registered. */
export async function registered(store: Store, count: number): Promise<Chain[]> {
  const chains = (await store.allocateUserIds(count)).map((userId) => new Chain(userId));
  const outcomes = await store.append(chains.map((chain) => chain.registration()));
  assert.deepEqual(new Set(outcomes), new Set(['appended']));
  return chains;
}

export function newUser(userId: UserId, more: Partial<NewUser> = {}): NewUser {
  return {
    userId,
    username: `user${userId}`,
    passwordHash: `phc of ${userId}`,
    macKey: `1:mac of ${userId}`,
    role: 'user',
    disabled: false,
    createdAt: 1_000,
    ...more,
  };
}

export function token(userId: UserId, tokenId: string, more: Partial<TokenRow> = {}): TokenRow {
  return {
    userId,
    tokenId,
    type: 'totp',
    status: 'active',
    algorithm: 'sha256',
    digits: 6,
    periodS: 60,
    suite: '',
    label: `${tokenId} of ${userId}`,
    seed: `1:seed of ${userId}/${tokenId}`,
    activationQuestion: '',
    createdAt: 1_000,
    ...more,
  };
}

export function session(userId: UserId, name: string, more: Partial<SessionRow> = {}): SessionRow {
  return {
    ...{ userId, sessionId: digestOf(name), kind: 'login', label: '', tokenId: '' },
    ...{
      proof: 'second_factor',
      provenAt: 2_000,
      invitedBy: 'session/1',
      createdAt: 1_000,
      expiresAt: 9_000,
    },
    ...more,
  };
}

/** One that waits for its user. */
export function transaction(
  userId: UserId,
  transactionId: string,
  more: Partial<TransactionRow> = {},
): TransactionRow {
  return {
    userId,
    transactionId,
    status: 'pending',
    amount: '100.00',
    currency: 'EUR',
    payee: 'Payee ñ',
    payer: 'Payer',
    challenge: 'ab'.repeat(24),
    serviceId: '',
    requestedAt: 1_000,
    expiresAt: 5_000,
    decidedAt: 0,
    decidedVersion: 0,
    reason: '',
    ...more,
  };
}

export function passkey(userId: UserId, name: string, more: Partial<PasskeyRow> = {}): PasskeyRow {
  return {
    ...{ userId, credentialId: `credential ${name}`, publicKey: `key of ${name}`, signCount: 0 },
    ...{ label: name, createdAt: 1_000 },
    ...more,
  };
}

export function answer(
  userId: UserId,
  key: string,
  at = 1_000,
): SideRow & { readonly kind: 'idempotency.insert' } {
  return {
    kind: 'idempotency.insert',
    userId,
    key,
    digest: digestOf(key),
    answer: `{"answer":"${key}"}`,
    at,
  };
}

export function digestOf(text: string): string {
  return hash('sha256', text, 'hex');
}

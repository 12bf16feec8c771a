import type { EntryType, RecordedTransaction } from '../../domain/journal/entry.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { Entry, IdempotencyRecord, SideRow, UserId } from '../../ports/store.ts';
import type { User } from '../users/user.ts';

/** Something to be decided about one user. `evidence` and `decide` are called again when another decision came first. */
export interface Job<T> {
  readonly userId: UserId;
  /** For a registration: the user before their first entry, who is in no store yet. */
  readonly newUser?: User;
  /** The idempotency key whose record `decide` must see. */
  readonly idempotencyKey?: string;
  /** What the vault must compute before `decide`. Must not evaluate anything that is locked. */
  evidence?(user: User, facts: Facts): readonly MacRequest[];
  /** Pure. `user` is undefined where there is no such user. */
  decide(user: User | undefined, facts: Facts, macs: readonly (Uint8Array | undefined)[]): Proposal<T>;
  /** The result when a row of the proposal is taken (a username). */
  conflict?(): T;
}

export interface Facts {
  /** ms since 1970: the time of the decision */
  readonly at: number;
  readonly isSpent: (nonce: string) => boolean;
  /** The idempotency record under `idempotencyKey`. */
  readonly idempotencyRecord: IdempotencyRecord | undefined;
}

export interface Proposal<T> {
  readonly result: T;
  /** The entry to append. Without it nothing is written, and the result stands at once. */
  readonly draft?: Draft;
}

export interface Draft {
  readonly type: EntryType;
  readonly reason?: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
  readonly transaction?: RecordedTransaction;
  readonly state: UserState;
  /** The challenge that this decision spends. */
  readonly challenge?: string;
  /** Rows committed with the entry; made from it where they need its hash. */
  readonly rows?: readonly SideRow[] | ((entry: ChainedEntry) => readonly SideRow[]);
}

/** An entry to append, with the draft's members that its body encodes: readers in memory need not parse the body. */
export type ChainedEntry = Entry & {
  readonly previous: string;
  readonly reason: Draft['reason'];
  readonly detail: Draft['detail'];
};

export interface Decided<T> {
  readonly result: T;
  /** The entry that was committed, where one was. */
  readonly entry: ChainedEntry | undefined;
}

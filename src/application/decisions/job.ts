import type { EntryType, RecordedTransaction } from '../../domain/journal/entry.ts';
import type { UserState } from '../../domain/user-state.ts';
import type { Entry, IdempotencyRecord, SideRow, UserId } from '../../ports/store.ts';
import type { User } from '../users/user.ts';
import type { Evidence, Macs } from './evidence.ts';

/** Who asks for decisions about users: a client network or a service. Its entries are counted, whoever they are about. */
export interface EntryOrigin {
  readonly kind: 'address' | 'service';
  readonly name: string;
}

/**
 * A decision to make about one user. `evidence` and `decide` are called again when another decision came first. Where the
 * quota of entries has no place for the entry (src/application/decisions/entry-quota.ts), nothing is written and the
 * result is a refusal `rate_limited`: a job whose entries are limited has refusals among its results.
 */
export interface Job<T> {
  readonly userId: UserId;
  /** For a registration: the user before their first entry, who is not in the store yet. */
  readonly newUser?: User;
  /** Who asks, for the quota of entries. */
  readonly origin?: EntryOrigin | undefined;
  /** The idempotency key whose record `decide` must see. */
  readonly idempotencyKey?: string;
  /** Lists the MACs that the vault computes before `decide`. Must not evaluate anything that is locked. */
  evidence?(user: User, facts: Facts): Evidence;
  /** Must be pure. `user` is undefined if there is no such user. @param macs of the evidence, in its order */
  decide(user: User | undefined, facts: Facts, macs: Macs): Proposal<T>;
  /** Returns the result to use when a unique key of the proposal's rows already exists (a user name, a service name). */
  conflict?(): T;
}

/** What a job may know besides its user. */
export interface Facts {
  /** The time of the decision, ms since 1970. */
  readonly at: number;
  /** Whether a challenge was spent. */
  readonly isSpent: (nonce: string) => boolean;
  /** The idempotency record under `idempotencyKey`. */
  readonly idempotencyRecord: IdempotencyRecord | undefined;
}

export interface Proposal<T> {
  readonly result: T;
  /** The entry to append. Without it nothing is written. */
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
  /** Rows committed with the entry, which says so (src/application/journal/rows/recorded-rows.ts). */
  readonly rows?: readonly SideRow[];
  /** Makes the rows that need the entry's version or hash. The entry does not list them. */
  readonly rowsOfEntry?: (entry: ChainedEntry) => readonly SideRow[];
}

/** An entry to append, with the draft's members that its body encodes: readers in memory need not parse the body. */
export type ChainedEntry = Entry & {
  readonly previous: string;
  readonly reason: Draft['reason'];
  /** As drafted: without what the body says about rows. */
  readonly detail: Draft['detail'];
};

export interface Decided<T> {
  readonly result: T;
  /** The committed entry; undefined if the decision made none. */
  readonly entry: ChainedEntry | undefined;
}

/** A job in the decider's queue or batch, with its caller's promise. */
export interface PendingJob {
  readonly job: Job<unknown>;
  readonly resolve: (decided: Decided<unknown>) => void;
  readonly reject: (error: unknown) => void;
  attempts: number;
  /** ms of `performance.now()`: a job that has not entered a batch by then is rejected. */
  readonly expiresAt: number;
}

import type { LockoutPolicy } from '../domain/lockout.ts';
import type { Policy } from '../domain/policy/policy.ts';
import type { CalledAddresses } from '../ports/called-addresses.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyVault } from '../ports/key-vault.ts';
import type { PasswordHasher } from '../ports/password-hasher.ts';
import type { Random } from '../ports/random.ts';
import type { RateLimit, RateLimiter } from '../ports/rate-limiter.ts';
import type { Store } from '../ports/store.ts';
import type { ChallengeIssuer } from './challenges/challenge-issuer.ts';
import type { RandomPool } from './challenges/random-pool.ts';
import type { Decider } from './decisions/decider.ts';
import type { EntryLimits } from './decisions/entry-quota.ts';
import type { UserCache } from './decisions/user-cache.ts';
import type { RowContradictions } from './journal/row-contradictions.ts';
import type { KeyLeases } from './keys/key-leases.ts';
import type { RefusalCounter } from './lockout/refusal-counter.ts';
import type { ResponsePadding } from './lockout/response-padding.ts';
import type { LogKey } from './log/log-key.ts';
import type { LogStatus } from './log/log-status.ts';
import type { ReceiptSigner } from './receipts/receipt-signer.ts';
import type { OutgoingEvents } from './relay/outgoing-events.ts';
import type { RelayControl } from './relay/relay.ts';
import type { Retention } from './retention/retention.ts';
import type { ServiceKeyUses } from './services/service-key-uses.ts';
import type { SessionUses } from './sessions/session-uses.ts';
import type { Witnesses } from './witness/witnesses.ts';

/** The parameter of every use case: the ports, and the parts of the application that are shared. compose.ts makes it. */
export interface Context {
  readonly clock: Clock;
  readonly random: Random;
  readonly randomPool: RandomPool;
  readonly store: Store;
  readonly vault: KeyVault;
  readonly passwords: PasswordHasher;
  readonly rateLimiter: RateLimiter;
  readonly decider: Decider;
  readonly userCache: UserCache;
  readonly challenges: ChallengeIssuer;
  readonly refusalCounter: RefusalCounter;
  readonly responsePadding: ResponsePadding;
  readonly receiptSigner: ReceiptSigner;
  readonly keyLeases: KeyLeases;
  readonly serviceKeyUses: ServiceKeyUses;
  readonly sessionUses: SessionUses;
  readonly logKey: LogKey;
  readonly logStatus: LogStatus;
  readonly contradictions: RowContradictions;
  readonly relay: RelayControl;
  readonly retention: Retention;
  readonly witnesses: Witnesses;
  readonly outgoingEvents: OutgoingEvents;
  readonly calledAddresses: CalledAddresses;
  readonly settings: Settings;
}

/** The part of the configuration that the use cases read. */
export interface Settings {
  readonly profile: 'default' | 'psd2';
  readonly currencyDefault: string;
  readonly passwordLengthMin: number;
  readonly registrationOpen: boolean;
  readonly logPublic: boolean;
  readonly tcpLogInCodeRequired: boolean;
  readonly lockout: LockoutPolicy;
  readonly keys: { readonly rotationMs: number; readonly challengeTtlMs: number };
  readonly policy: Policy;
  readonly sessionTtlMs: number;
  /** 0: no bound. */
  readonly sessionIdleMs: number;
  readonly deviceSessionTtlMs: number;
  readonly enrolmentTtlMs: number;
  readonly enrolmentCodeRequired: boolean;
  readonly tokenIssuer: string;
  readonly proofTtlMs: number;
  readonly recoveryWaitMs: number;
  readonly idempotencyTtlMs: number;
  readonly messages: {
    readonly ttlMs: number;
    readonly inboxCountMax: number;
    readonly inboxBytesMax: number;
  };
  readonly rateLimits: EntryLimits & {
    readonly registrations: RateLimit;
    readonly logIns: RateLimit;
    readonly errors: RateLimit;
    readonly reversals: RateLimit;
  };
}

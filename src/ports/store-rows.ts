import type { WebhookCommandRow, WebhookProgress, WebhookRow } from './webhook-rows.ts';

export type * from './webhook-rows.ts';

/** A positive integer. 0 (`SYSTEM_USER_ID`) is the server itself; its entries record what belongs to no user. */
export type UserId = number;
export const SYSTEM_USER_ID: UserId = 0;

/** A change that is committed with the entry that decides it. The key of each row but a service's or a webhook's begins with the entry's user. */
export type SideRow =
  | ({ readonly kind: 'user.insert' } & NewUser)
  | ({ readonly kind: 'user.update'; readonly userId: UserId } & Partial<
      Pick<NewUser, 'passwordHash' | 'macKey' | 'role' | 'disabled'>
    >)
  | {
      readonly kind: 'user.rename';
      readonly userId: UserId;
      /** The name until now. */
      readonly from: string;
      readonly username: string;
    }
  | {
      /**
       * Deletes every row about a user: name, password hash, keys, tokens, sessions, transactions, identities, messages. A conflict
       * where the user has other entries than these, or a pending transaction. Bodies of entries stay until `eraseBodies`.
       */
      readonly kind: 'user.erase';
      readonly userId: UserId;
      readonly username: string;
      /** The user's version. */
      readonly entries: number;
      /** ms since 1970 */
      readonly at: number;
    }
  | { readonly kind: 'token.insert'; readonly token: TokenRow }
  | {
      readonly kind: 'token.update';
      readonly userId: UserId;
      readonly tokenId: string;
      readonly status: TokenStatus;
    }
  | { readonly kind: 'session.insert'; readonly session: SessionRow }
  | { readonly kind: 'session.delete'; readonly userId: UserId; readonly sessionId: string }
  | { readonly kind: 'session.delete_all'; readonly userId: UserId }
  | { readonly kind: 'passkey.insert'; readonly passkey: PasskeyRow }
  | {
      readonly kind: 'passkey.update';
      readonly userId: UserId;
      readonly credentialId: string;
      readonly signCount: number;
    }
  | { readonly kind: 'passkey.delete'; readonly userId: UserId; readonly credentialId: string }
  | { readonly kind: 'transaction.insert'; readonly transaction: TransactionRow }
  | ({ readonly kind: 'transaction.update' } & Pick<
      TransactionRow,
      'userId' | 'transactionId' | 'status' | 'decidedAt' | 'decidedVersion' | 'reason'
    >)
  | { readonly kind: 'service.insert'; readonly service: ServiceRow }
  | { readonly kind: 'service.update'; readonly service: ServiceRow }
  | { readonly kind: 'dataset.insert'; readonly version: DatasetVersionRow }
  | ({ readonly kind: 'dataset.update' } & Pick<
      DatasetVersionRow,
      'dataset' | 'version' | 'status' | 'changedAt'
    >)
  | { readonly kind: 'identity.insert'; readonly identity: IdentityRow }
  | ({ readonly kind: 'identity.update'; readonly userId: UserId; readonly version: number } & Partial<
      Pick<IdentityRow, 'level' | 'seen' | 'verifiedBy' | 'revokedAt' | 'revokedReason'>
    >)
  /** Replaces keys that were offered before and not enrolled. */
  | { readonly kind: 'identity_secrets.insert'; readonly secrets: IdentitySecretsRow }
  /** The offered keys are those of that identity from now on. Deletes the user's others. */
  | {
      readonly kind: 'identity_secrets.enrol';
      readonly userId: UserId;
      readonly signKey: string;
      readonly version: number;
    }
  /** All of the user. */
  | { readonly kind: 'identity_secrets.delete'; readonly userId: UserId }
  | { readonly kind: 'message.insert'; readonly message: NewMessage }
  | {
      readonly kind: 'inbox.deliver';
      readonly userId: UserId;
      readonly messageId: string;
      readonly deliveredAt: number;
      readonly receipt: string;
    }
  | { readonly kind: 'inbox.delete'; readonly userId: UserId; readonly messageId: string }
  | {
      readonly kind: 'webhook.insert';
      readonly webhook: WebhookRow;
      readonly progress: Omit<WebhookProgress, 'webhookId'>;
    }
  /** The url stays. */
  | { readonly kind: 'webhook.update'; readonly webhook: WebhookRow }
  /** With its secrets, its progress, its commands and its delivery log. */
  | { readonly kind: 'webhook.delete'; readonly webhookId: string }
  | { readonly kind: 'webhook.command'; readonly command: WebhookCommandRow }
  | ({
      readonly kind: 'idempotency.insert';
      readonly userId: UserId;
      readonly key: string;
    } & IdempotencyRecord);

export type TransactionStatus = 'pending' | 'approved' | 'refused' | 'expired' | 'cancelled';

/** A transaction that waits, or has waited, for its user's decision. Its challenge is bound to its id. */
export interface TransactionRow {
  readonly userId: UserId;
  readonly transactionId: string;
  readonly status: TransactionStatus;
  readonly amount: string;
  readonly currency: string;
  readonly payee: string;
  readonly payer: string;
  readonly challenge: string;
  /** The service that requested it; empty where the user did. */
  readonly serviceId: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
  /** 0 while pending. */
  readonly decidedAt: number;
  /** The version of the user's entry that decided it; 0 while pending. */
  readonly decidedVersion: number;
  readonly reason: string;
}

/** A program that may call the REST API. It has at most two keys, so that one can be replaced without a pause. */
export interface ServiceRow {
  readonly serviceId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly keys: readonly ServiceKey[];
  readonly disabled: boolean;
  readonly createdAt: number;
}
export interface ServiceKey {
  /** Lower-case hex of SHA-256 of the key. The key itself is not stored. */
  readonly hash: string;
  readonly createdAt: number;
  /** By what its holder recognises it: the beginning of a bearer token, the thumbprint of a public key. Absent: not known. */
  readonly hint?: string;
  /** From then on it opens nothing, ms since 1970. Absent: never. */
  readonly expiresAt?: number;
  /** The latest use that is known, ms since 1970; `LIMITS.serviceKeyUseGrainMs` may have passed since. Absent: none. */
  readonly lastUsedAt?: number;
}
/** A use of a service's key, written behind. */
export interface ServiceKeyUse {
  readonly hash: string;
  readonly hint: string;
  readonly at: number;
}

export type Role = 'user' | 'admin' | 'auditor';
export type TokenType = 'totp' | 'hotp' | 'ocra';
export type TokenStatus = 'pending' | 'active' | 'revoked';

export interface NewUser {
  readonly userId: UserId;
  readonly username: string;
  readonly passwordHash: string;
  /** The protocol's MAC key, wrapped for the owner `mac/<userId>`. */
  readonly macKey: string;
  readonly role: Role;
  readonly disabled: boolean;
  readonly createdAt: number;
}
export type UserRow = Omit<NewUser, 'passwordHash' | 'macKey'>;
export type Credentials = Pick<NewUser, 'userId' | 'username' | 'passwordHash' | 'role' | 'disabled'>;

export interface TokenRow {
  readonly userId: UserId;
  readonly tokenId: string;
  readonly type: TokenType;
  readonly status: TokenStatus;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digits: number;
  readonly periodS: number;
  /** For `ocra`: the suite of RFC 6287 section 6; empty otherwise. */
  readonly suite: string;
  readonly label: string;
  /** The seed, wrapped for the owner `seed/<userId>/<tokenId>`. */
  readonly seed: string;
  /** The question, in hex, of an `ocra` token that waits for its first code; empty otherwise. */
  readonly activationQuestion: string;
  readonly createdAt: number;
}

export interface SessionRow {
  readonly userId: UserId;
  /** Lower-case hex of SHA-256 of the secret that the caller holds. The secret itself is not stored. */
  readonly sessionId: string;
  readonly kind: SessionKind;
  /** The client's own name for itself; empty where it gave none. */
  readonly label: string;
  /** The token that the device of a `device` session holds; empty for the other kinds. */
  readonly tokenId: string;
  readonly proof: SessionProof;
  /** When an authenticator was last shown in it, ms since 1970; 0: never. */
  readonly provenAt: number;
  /** Of an invitation and of the device that it enrolled: who made it (`Inviter`). Empty otherwise. */
  readonly invitedBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** That a session was used, ms since 1970. */
export interface SessionUse {
  readonly userId: UserId;
  readonly sessionId: string;
  readonly at: number;
}

/**
 * What the holder of a session has proved. Compare `amr` of RFC 8176, which lists the methods that were used; here it
 * also counts which methods the user had at that time.
 *
 * - `second_factor`: more than a password, at the log-in or since: a code, a passkey, the secret of an enrolled device.
 *   Of an invitation: a code was shown for it, or an administrator gave it.
 * - `code_omitted`: a password. The user had a token for log-in codes and showed none, as the TCP protocol allows.
 * - `code_unavailable`: a password. The user's tokens show no log-in codes (`ocra`), or have all been revoked.
 * - `no_token`: a password. The user had no token to show a code of.
 */
export type SessionProof = 'second_factor' | 'code_omitted' | 'code_unavailable' | 'no_token';

/**
 * - `enrolment`: an invitation to enrol a token. The decision that uses it deletes the row.
 * - `device`: the session of a virtual token. It may read its user's pending transactions and decide them, nothing else.
 *
 * Why: docs/DECISIONS.md#invitations-and-device-sessions-are-session-rows
 */
export type SessionKind = 'login' | 'enrolment' | 'device';

/** A WebAuthn credential (https://www.w3.org/TR/webauthn-3/), as its registration left it. */
export interface PasskeyRow {
  readonly userId: UserId;
  /** base64url */
  readonly credentialId: string;
  /** The COSE key, base64url. */
  readonly publicKey: string;
  /** As its authenticator last reported it; 0 where the authenticator keeps no counter. */
  readonly signCount: number;
  readonly label: string;
  readonly createdAt: number;
}

export interface IdempotencyRecord {
  /** Lower-case hex of SHA-256 of the request's content. */
  readonly digest: string;
  /** JSON of the answer to repeat. */
  readonly answer: string;
  readonly at: number;
}

/**
 * How a user's keys were tied to the person.
 *
 * - `self_asserted`: by the code of a token that the account has; nobody looked at the person.
 * - `operator`: an administrator or operator compared the keys and recorded what they saw.
 * - `factor`: the keys replaced verified ones, by a code of the same token that enrolled those.
 */
export type IdentityLevel = 'self_asserted' | 'operator' | 'factor';

/** A user's public keys for messages. The one without `revokedAt` is in force. */
export interface IdentityRow {
  readonly userId: UserId;
  /** The version of the user's entry that enrolled it. */
  readonly version: number;
  /** RFC 8785 JSON of the public keys (RFC 7517). */
  readonly signJwk: string;
  readonly sealJwk: string;
  /** Thumbprints (RFC 7638). No two identities, of whatever user or time, share one. */
  readonly signKey: string;
  readonly sealKey: string;
  readonly level: IdentityLevel;
  /** What an operator saw of the person; empty otherwise. */
  readonly seen: string;
  /** The administrator who looked, by user name; `operator` for the command; empty otherwise. */
  readonly verifiedBy: string;
  /** The token whose code enrolled it. */
  readonly tokenId: string;
  readonly enrolledAt: number;
  /** 0: in force. */
  readonly revokedAt: number;
  readonly revokedReason: '' | 'rotated' | 'user' | 'operator';
}

/** The private keys of an identity that is held in the vault, wrapped. A user has those in force and those offered. */
export interface IdentitySecretsRow {
  readonly userId: UserId;
  /** Thumbprints (RFC 7638) of the public keys. */
  readonly signKey: string;
  readonly sealKey: string;
  /** The version of the entry that enrolled them; 0: offered, and not enrolled yet. */
  readonly version: number;
  readonly signWrapped: string;
  readonly sealWrapped: string;
  /** ms since 1970 */
  readonly madeAt: number;
}

/** An identity with its user's name. */
export interface NamedIdentity extends IdentityRow {
  readonly username: string;
}

/** A message as its sender's entry commits it, with a row in the inbox of each recipient. */
export interface NewMessage extends MessageBounds {
  /** The sender. */
  readonly userId: UserId;
  readonly messageId: string;
  /** Unique among the sender's messages, those that are deleted included. */
  readonly jti: string;
  /** SHA-256 of the JWE, in lower-case hex. */
  readonly digest: string;
  /** Length of the JWE. */
  readonly bytes: number;
  /** Number of parts that the JWE is stored in. */
  readonly parts: number;
  /** The JWE, where it is stored with the entry; undefined: its parts were staged. */
  readonly content: string | undefined;
  readonly sentAt: number;
  readonly expiresAt: number;
  readonly recipients: readonly UserId[];
}

/** What a message finds room in: a row beyond a bound is a conflict. */
export interface MessageBounds {
  /** Messages that wait in one inbox, and their bytes; and as many that are kept of one sender. */
  readonly countMax: number;
  readonly bytesMax: number;
  /** Messages of one sender that wait in one inbox. */
  readonly countPerSenderMax: number;
}

/** A part of a JWE that is stored before its message is committed. */
export interface StagedPart {
  /** The sender. */
  readonly userId: UserId;
  readonly messageId: string;
  /** From 0, without gaps. */
  readonly part: number;
  /** ASCII. */
  readonly content: string;
  readonly at: number;
}

/** A message in somebody's inbox. */
export interface InboxMessage {
  readonly messageId: string;
  readonly senderId: UserId;
  /** The sender's name. */
  readonly from: string;
  readonly jti: string;
  readonly digest: string;
  readonly bytes: number;
  readonly parts: number;
  readonly sentAt: number;
  /** 0: not acknowledged. */
  readonly deliveredAt: number;
}

/** A recipient of a message, for its sender. */
export interface MessageDelivery {
  /** The recipient's name. */
  readonly to: string;
  /** 0: not acknowledged yet. */
  readonly deliveredAt: number;
  /** The JWS that the recipient signed. */
  readonly receipt: string;
}

/** `active`: makes and reverses surrogates. `retired`: reverses only. `destroyed`: its seed is gone. */
export type DatasetVersionStatus = 'active' | 'retired' | 'destroyed';

/** One version of a dataset: its surrogates are made under one seed. A dataset is its versions. */
export interface DatasetVersionRow {
  readonly dataset: string;
  /** 1, then dense. */
  readonly version: number;
  readonly status: DatasetVersionStatus;
  /** Wrapped; empty once destroyed. */
  readonly seed: string;
  readonly createdAt: number;
  /** Of the status, ms since 1970. */
  readonly changedAt: number;
}

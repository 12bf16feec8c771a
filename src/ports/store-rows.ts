/** A positive integer. 0 (`SYSTEM_USER_ID`) is the server itself; its entries record what belongs to no user. */
export type UserId = number;
export const SYSTEM_USER_ID: UserId = 0;

/** A change that is committed with the entry that decides it. The key of each row but a service's begins with the entry's user. */
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

/*
 * The form of messages: a JWS by the sender (RFC 7515) inside a JWE to its recipients (RFC 7516, General JSON). One
 * algorithm each, no compression, no critical headers: a reader that lets the message choose has been attacked by it.
 */

/** `typ` of the JWS and the JWE. */
export const SIGNED_TYPE = 'sello-message+jws';
export const SEALED_TYPE = 'sello-message+jwe';
/** `typ` of the receipt that a recipient signs. */
export const RECEIPT_TYPE = 'sello-message-receipt+jws';

export const SIGNING_ALGORITHM = 'ES256';
export const KEY_ALGORITHM = 'ECDH-ES+A256KW';
export const CONTENT_ENCRYPTION = 'A256GCM';

/** A UUID (RFC 9562) in lower case. */
export const MESSAGE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What the sender signs. */
export interface MessageClaims {
  /** The sender's user name. */
  readonly iss: string;
  /** The recipients: thumbprints of their sealing keys. Without them a recipient could pass the message on as if it were to another. */
  readonly aud: readonly string[];
  /** The same as in the JWE. */
  readonly jti: string;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp: number;
  /** The content's media type. */
  readonly cty: string;
  /** The content, in base64url. */
  readonly body: string;
}

/** What a recipient signs for the sender once a message was opened. */
export interface MessageReceiptClaims {
  /** The recipient's user name. */
  readonly iss: string;
  /** The sender's user name. */
  readonly aud: string;
  readonly jti: string;
  /** SHA-256 of the JWE as it was received, in lower-case hex. */
  readonly sha256: string;
  /** Seconds since 1970. */
  readonly iat: number;
}

/** A recipient in the JWE. */
export interface SealedRecipient {
  readonly header: {
    readonly alg: typeof KEY_ALGORITHM;
    readonly kid: string;
    readonly epk: { readonly crv: 'P-256'; readonly kty: 'EC'; readonly x: string; readonly y: string };
  };
  readonly encrypted_key: string;
}

/** The message as it travels. */
export interface SealedMessage {
  readonly protected: string;
  readonly recipients: readonly SealedRecipient[];
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
}

/** How many characters base64url without padding makes of that many bytes. */
export function base64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

import { LIMITS } from '../../limits.ts';
import { jsonString } from '../encoding/canonical-json.ts';
import { type Refusal, refuse } from '../errors.ts';
import { type CanonicalTransaction, encodeTransaction } from './canonical-transaction.ts';

/*
 * A receipt states one decided transaction. It is a JWS (RFC 7515) in compact serialisation, signed by ES256
 * (RFC 7518 section 3.4), with the registered claims of RFC 7519. Header and claims are RFC 8785 JSON, so each receipt
 * has exactly one spelling.
 */

const ALGORITHM = 'ES256';
const TYPE = 'sello-receipt+jws';
const SIGNATURE_BYTES = 64;

export interface ReceiptClaims {
  readonly iss: 'sello';
  /** The user's name. */
  readonly sub: string;
  /** Time of the decision, in whole seconds since 1970 (RFC 7519 section 2, NumericDate). */
  readonly iat: number;
  /** The transaction's id. */
  readonly jti: string;
  readonly transaction: CanonicalTransaction;
  /** The proofs that the decision rests on, such as `mac` or `bound_code`. */
  readonly proofs: readonly string[];
  /** The journal entry that records the decision: its version for this user, its hash and the previous entry's hash (lower-case hex). */
  readonly journal: { readonly version: number; readonly hash: string; readonly previous: string };
}

export interface ReceiptHeader {
  readonly alg: typeof ALGORITHM;
  readonly kid: string;
  readonly typ: typeof TYPE;
}

export interface ParsedReceipt {
  readonly header: ReceiptHeader;
  readonly claims: ReceiptClaims;
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

/**
 * Returns the JWS signing input (RFC 7515 section 5.1), in ASCII. Does NOT check the claims: strings must be well-formed
 * Unicode, as `parseTransfer` leaves them.
 */
export function receiptSigningInput(claims: ReceiptClaims, keyId: string): string {
  const header = `{"alg":"${ALGORITHM}","kid":${jsonString(keyId)},"typ":"${TYPE}"}`;
  return `${base64url(header)}.${base64url(encodeClaims(claims))}`;
}

/**
 * Appends the signature to the signing input. Does NOT verify it.
 * @param signature r‖s, 64 bytes
 */
export function receiptFrom(signingInput: string, signature: Uint8Array): string {
  return `${signingInput}.${Buffer.from(signature).toString('base64url')}`;
}

/**
 * Parses a receipt. Does NOT verify the signature, so nothing in it may be believed yet (see `verifyReceipt`).
 * Refuses any algorithm, type, header, claim, member order or spelling that `receiptSigningInput` would not write.
 * @returns `data_invalid` with the offending part in `detail`
 */
export function parseReceipt(jws: string): ParsedReceipt | Refusal {
  if (jws.length > LIMITS.receiptBytesMax) return invalid('size');
  const segments = jws.split('.');
  const [first, second, third] = segments;
  if (segments.length !== 3 || first === undefined || second === undefined || third === undefined) {
    return invalid('form');
  }
  const signature = Buffer.from(third, 'base64url');
  if (signature.length !== SIGNATURE_BYTES || signature.toString('base64url') !== third)
    return invalid('signature');
  const header = parseHeader(parseJson(first));
  if (!header) return invalid('header');
  const claims = parseClaims(parseJson(second));
  if (!claims) return invalid('claims');
  const signingInput = `${first}.${second}`;
  if (receiptSigningInput(claims, header.kid) !== signingInput) return invalid('spelling');
  return { header, claims, signingInput, signature };
}

function encodeClaims({ iss, sub, iat, jti, transaction, proofs, journal }: ReceiptClaims): string {
  const { hash, previous, version } = journal;
  return (
    `{"iat":${iat},"iss":${jsonString(iss)},"journal":{"hash":${jsonString(hash)},"previous":${jsonString(previous)},` +
    `"version":${version}},"jti":${jsonString(jti)},"proofs":[${proofs.map(jsonString).join(',')}],` +
    `"sub":${jsonString(sub)},"transaction":${encodeTransaction(transaction)}}`
  );
}

function parseHeader(json: unknown): ReceiptHeader | undefined {
  if (!isRecord(json) || json.alg !== ALGORITHM || json.typ !== TYPE || !isText(json.kid)) return undefined;
  return { alg: ALGORITHM, kid: json.kid, typ: TYPE };
}

/** Picks out the known claims. Does NOT look for unknown ones: comparing spellings afterwards reveals them. */
function parseClaims(json: unknown): ReceiptClaims | undefined {
  if (!isRecord(json)) return undefined;
  const { iss, sub, iat, jti, transaction, proofs, journal } = json;
  if (iss !== 'sello' || !isText(sub) || !isText(jti) || !isCount(iat)) return undefined;
  if (!isRecord(journal) || !Array.isArray(proofs) || !proofs.every(isText)) return undefined;
  const { hash, previous, version } = journal;
  if (!isHash(hash) || !isHash(previous) || !isCount(version)) return undefined;
  const canonical = parseTransaction(transaction);
  if (!canonical) return undefined;
  return { iss, sub, iat, jti, transaction: canonical, proofs, journal: { version, hash, previous } };
}

function parseTransaction(json: unknown): CanonicalTransaction | undefined {
  if (!isRecord(json)) return undefined;
  const { amount, challenge, currency, payee, payer, v } = json;
  if (!isText(amount) || !/^[0-9]+(\.[0-9]+)?$/.test(amount)) return undefined;
  if (!isText(currency) || !/^[A-Z]{3}$/.test(currency)) return undefined;
  if (!isText(challenge) || !isText(payee) || !isText(payer) || v !== 1) return undefined;
  return { amount, challenge, currency, payee, payer, v };
}

function parseJson(segment: string): unknown {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** Every defect has one refusal code; `detail` names the part. */
function invalid(part: 'size' | 'form' | 'signature' | 'header' | 'claims' | 'spelling'): Refusal {
  return refuse('data_invalid', { detail: `receipt: ${part}` });
}

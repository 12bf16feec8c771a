import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import { BOUND_SUITE } from '../../../../src/domain/otp/bound-code.ts';
import type { HmacAlgorithm } from '../../../../src/domain/otp/hmac.ts';
import { fromBase64Url } from '../../api/base64url.ts';

export interface DeviceKey {
  /** Non-extractable. */
  readonly privateKey: CryptoKey;
  readonly publicKey: {
    readonly kty: 'EC';
    readonly crv: 'P-256';
    readonly x: string;
    readonly y: string;
  };
}

/** Creates the key pair that the server seals the seeds to: one for each enrolment, never stored. */
export async function newDeviceKey(): Promise<DeviceKey> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
  const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  return { privateKey: pair.privateKey, publicKey: { kty: 'EC', crv: 'P-256', x, y } };
}

export type ClaimedToken =
  | {
      readonly type: 'totp';
      readonly id: string;
      readonly seed: Uint8Array<ArrayBuffer>;
      readonly algorithm: HmacAlgorithm;
      readonly digits: number;
      readonly periodS: number;
    }
  | {
      readonly type: 'ocra';
      readonly id: string;
      readonly seed: Uint8Array<ArrayBuffer>;
      readonly activationQuestion: string;
    };

export interface ClaimedDevice {
  readonly username: string;
  readonly label: string;
  readonly session: string;
  readonly tokens: readonly ClaimedToken[];
}

/**
 * Opens a claim that the server sealed to the device's key (RFC 7516: ECDH-ES with A256GCM and nothing else).
 * @returns undefined if it does not open or has an unknown form
 */
export async function openClaim(jwe: string, { privateKey }: DeviceKey): Promise<ClaimedDevice | undefined> {
  let payload: unknown;
  try {
    const { plaintext } = await compactDecrypt(jwe, privateKey, {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    payload = JSON.parse(new TextDecoder().decode(plaintext));
  } catch {
    return undefined;
  }
  return readClaim(payload);
}

type Members = Readonly<Record<string, unknown>>;

function readClaim(payload: unknown): ClaimedDevice | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { v, username, label, session, tokens } = payload as Members;
  if (v !== 1 || typeof username !== 'string' || typeof session !== 'string' || session === '')
    return undefined;
  if (!Array.isArray(tokens) || tokens.length === 0 || tokens.length > 2) return undefined;
  const read = tokens.map(readToken).filter((token) => token !== undefined);
  if (read.length !== tokens.length || new Set(read.map(({ type }) => type)).size !== read.length)
    return undefined;
  return { username, label: typeof label === 'string' ? label : '', session, tokens: read };
}

function readToken(source: unknown): ClaimedToken | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  const { id, type, seed: text, algorithm, digits, period_s: periodS, suite } = source as Members;
  const seed = typeof text === 'string' ? fromBase64Url(text) : undefined;
  if (typeof id !== 'string' || !seed || seed.length < 16 || seed.length > 64) return undefined;
  if (type === 'ocra') {
    const { activation_question: activationQuestion } = source as Members;
    const known = suite === BOUND_SUITE && typeof activationQuestion === 'string';
    return known && /^[0-9a-f]{64}$/.test(activationQuestion)
      ? { type, id, seed, activationQuestion }
      : undefined;
  }
  if (type !== 'totp' || typeof digits !== 'number' || typeof periodS !== 'number') return undefined;
  if (algorithm !== 'sha1' && algorithm !== 'sha256' && algorithm !== 'sha512') return undefined;
  if (digits < 6 || digits > 8 || periodS < 15 || periodS > 300) return undefined;
  return { type, id, seed, algorithm, digits, periodS };
}

import { type Sealed, seal, unseal } from './sealed.ts';
import { STRETCH_COST, type StretchCost, type Stretcher } from './stretch.ts';

/** A lock of the root: a PIN, or the PRF output of a passkey (WebAuthn level 3, section 10.1.4). */
export type Lock =
  | {
      readonly kind: 'pin';
      readonly salt: Uint8Array<ArrayBuffer>;
      readonly cost: StretchCost;
      readonly root: Sealed;
    }
  | {
      readonly kind: 'passkey';
      readonly credentialId: Uint8Array<ArrayBuffer>;
      readonly salt: Uint8Array<ArrayBuffer>;
      readonly root: Sealed;
    };

export type PinLock = Extract<Lock, { kind: 'pin' }>;
export type PasskeyLock = Extract<Lock, { kind: 'passkey' }>;

/**
 * The keyring at rest. The root is random and stored only under its locks. `device` is a non-extractable HMAC key that
 * enters each lock's key, so a copy of the database without it does not allow a search for the PIN. (A copy of the
 * whole browser profile includes it; then only the slow stretching protects the PIN.)
 *
 * Why: docs/DECISIONS.md#seeds-rest-under-two-locks
 */
export interface Keyring {
  readonly device: CryptoKey;
  readonly locks: readonly Lock[];
}

/** Keys derived from the root. `approvals` needs the PIN or a passkey again for each decision. */
export interface Keys {
  /** Opens the seeds of plain codes and the session secrets. */
  readonly codes: CryptoKey;
  /** Opens the seeds of bound codes. */
  readonly approvals: CryptoKey;
}

/** The root key. Held only while a credential is in use. */
export type Root = Uint8Array<ArrayBuffer>;

const ROOT_CONTEXT = 'sello root 1';
const bytes = (text: string) => new TextEncoder().encode(text);

export async function newKeyring(): Promise<{ readonly keyring: Keyring; readonly root: Root }> {
  const device = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return { keyring: { device, locks: [] }, root: crypto.getRandomValues(new Uint8Array(32)) };
}

export async function pinLock(
  { device }: Keyring,
  root: Root,
  pin: string,
  stretcher: Stretcher,
  cost: StretchCost = STRETCH_COST,
): Promise<PinLock> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const key = await lockKey(device, 'pin', await stretcher({ pin, salt, cost }));
  return { kind: 'pin', salt, cost, root: await seal(key, root, ROOT_CONTEXT) };
}

/** Opens the root by PIN. Does not count attempts. @returns undefined for a wrong PIN */
export async function openByPin(
  { device }: Keyring,
  { salt, cost, root }: PinLock,
  pin: string,
  stretcher: Stretcher,
): Promise<Root | undefined> {
  const key = await lockKey(device, 'pin', await stretcher({ pin, salt, cost }));
  return unseal(key, root, ROOT_CONTEXT);
}

/**
 * Seals the root under a passkey.
 * @param output of the passkey's PRF for `salt`: 32 bytes that nobody else can compute
 */
export async function passkeyLock(
  { device }: Keyring,
  root: Root,
  passkey: { readonly credentialId: Uint8Array<ArrayBuffer>; readonly salt: Uint8Array<ArrayBuffer> },
  output: Uint8Array<ArrayBuffer>,
): Promise<PasskeyLock> {
  const key = await lockKey(device, 'passkey', output);
  return { kind: 'passkey', ...passkey, root: await seal(key, root, ROOT_CONTEXT) };
}

/** Opens the root by passkey. @returns undefined for the output of another passkey */
export async function openByPasskey(
  { device }: Keyring,
  { root }: PasskeyLock,
  output: Uint8Array<ArrayBuffer>,
): Promise<Root | undefined> {
  return unseal(await lockKey(device, 'passkey', output), root, ROOT_CONTEXT);
}

export async function keysOf(root: Root): Promise<Keys> {
  const base = await crypto.subtle.importKey('raw', root, 'HKDF', false, ['deriveKey']);
  const derive = (name: string) =>
    crypto.subtle.deriveKey(
      { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: bytes(`sello ${name} 1`) },
      base,
      { name: 'AES-GCM', length: 256 },
      false,
      ['encrypt', 'decrypt'],
    );
  const [codes, approvals] = await Promise.all([derive('codes'), derive('approvals')]);
  return { codes, approvals };
}

async function lockKey(
  device: CryptoKey,
  kind: Lock['kind'],
  secret: Uint8Array<ArrayBuffer>,
): Promise<CryptoKey> {
  const label = bytes(`sello ${kind} 1 `);
  const message = new Uint8Array(label.length + secret.length);
  message.set(label);
  message.set(secret, label.length);
  const mac = await crypto.subtle.sign('HMAC', device, message);
  return crypto.subtle.importKey('raw', mac, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

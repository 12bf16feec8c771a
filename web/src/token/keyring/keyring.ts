import { type Sealed, seal, unseal } from './sealed.ts';
import { STRETCH_COST, type StretchCost, type Stretcher } from './stretch.ts';

/** What opens the root: the PIN, or a passkey's PRF output (WebAuthn level 3, section 10.1.4). */
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
 * At rest. The root is random and stored under each lock alone. `device` is an HMAC key that scripts cannot read out: it
 * goes into each lock's key, so the rest of the database, copied without it, cannot be searched for the PIN. (A whole
 * browser profile, copied from the disk, holds it: then the PIN's slow stretching is what is left.)
 */
export interface Keyring {
  readonly device: CryptoKey;
  readonly locks: readonly Lock[];
}

/** What an open keyring gives. `approvals` is asked for anew, by PIN or passkey, for each decision. */
export interface Keys {
  /** Opens the seeds of plain codes and what talks to the server. */
  readonly codes: CryptoKey;
  /** Opens the seeds of bound codes. */
  readonly approvals: CryptoKey;
}

/** The root itself: held no longer than it takes to add a lock. */
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

/** @returns undefined for a wrong PIN. Attempts are not counted here. */
export async function openByPin(
  { device }: Keyring,
  { salt, cost, root }: PinLock,
  pin: string,
  stretcher: Stretcher,
): Promise<Root | undefined> {
  const key = await lockKey(device, 'pin', await stretcher({ pin, salt, cost }));
  return unseal(key, root, ROOT_CONTEXT);
}

/** @param output of the passkey's PRF for `salt`, 32 bytes that nobody else can compute */
export async function passkeyLock(
  { device }: Keyring,
  root: Root,
  passkey: { readonly credentialId: Uint8Array<ArrayBuffer>; readonly salt: Uint8Array<ArrayBuffer> },
  output: Uint8Array<ArrayBuffer>,
): Promise<PasskeyLock> {
  const key = await lockKey(device, 'passkey', output);
  return { kind: 'passkey', ...passkey, root: await seal(key, root, ROOT_CONTEXT) };
}

/** @returns undefined when the output is of another passkey */
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

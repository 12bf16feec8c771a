import { attemptsLeft, beginAttempt, NO_ATTEMPTS, waitBeforeAttempt } from '../keyring/attempts.ts';
import {
  type Keyring,
  type Lock,
  newKeyring,
  openByPasskey,
  openByPin,
  type PasskeyLock,
  passkeyLock,
  pinLock,
  type Root,
} from '../keyring/keyring.ts';
import type { StretchCost, Stretcher } from '../keyring/stretch.ts';
import type { DeviceStorage } from './storage.ts';

/** A credential that opens the device. */
export type Credential = { readonly kind: 'pin'; readonly pin: string } | { readonly kind: 'passkey' };

export type Opening =
  | { readonly kind: 'open'; readonly root: Root }
  | { readonly kind: 'wrong'; readonly left: number; readonly waitMs: number }
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** The last attempt failed: the seeds are erased. */
  | { readonly kind: 'erased' };

export interface Passkeys {
  make(username: string): Promise<{
    readonly credentialId: Uint8Array<ArrayBuffer>;
    readonly salt: Uint8Array<ArrayBuffer>;
    readonly output: Uint8Array<ArrayBuffer>;
  }>;
  ask(
    passkeys: readonly Pick<PasskeyLock, 'credentialId' | 'salt'>[],
  ): Promise<{ readonly credentialId: Uint8Array<ArrayBuffer>; readonly output: Uint8Array<ArrayBuffer> }>;
}

export interface LocksOptions {
  readonly storage: DeviceStorage;
  readonly stretcher: Stretcher;
  readonly passkeys: Passkeys;
  readonly now: () => number;
  readonly cost?: StretchCost;
}

/** Guards the root key of the device by PIN and passkeys, and limits attempts at the PIN. */
export class Locks {
  readonly #options: LocksOptions;

  constructor(options: LocksOptions) {
    this.#options = options;
  }

  async kinds(): Promise<readonly Lock['kind'][]> {
    return (await this.#options.storage.read('keyring'))?.locks.map(({ kind }) => kind) ?? [];
  }

  /** Returns how many attempts at the PIN are left and how long to wait before the next. */
  async attempts(): Promise<{ readonly left: number; readonly waitMs: number }> {
    const { storage, now } = this.#options;
    const attempts = (await storage.read('attempts')) ?? NO_ATTEMPTS;
    return { left: attemptsLeft(attempts), waitMs: waitBeforeAttempt(attempts, now()) };
  }

  /** Creates a new root under its first lock. Seals of an older root can no longer be opened. */
  async setUp(credential: Credential, username: string): Promise<Root> {
    const { storage } = this.#options;
    const { keyring, root } = await newKeyring();
    const lock = await this.#lock(keyring, root, credential, username);
    await storage.write('keyring', { ...keyring, locks: [lock] });
    await storage.write('attempts', NO_ATTEMPTS);
    return root;
  }

  /** Opens the root. @throws PasskeyCancelled, PasskeyUnfit, or Error without a lock of this kind */
  async open(credential: Credential): Promise<Opening> {
    const keyring = await this.#keyring();
    return credential.kind === 'pin'
      ? this.#openByPin(keyring, credential.pin)
      : this.#openByPasskey(keyring);
  }

  /** Adds a passkey, or replaces the PIN. */
  async add(root: Root, credential: Credential, username: string): Promise<void> {
    const keyring = await this.#keyring();
    const lock = await this.#lock(keyring, root, credential, username);
    const kept = keyring.locks.filter(({ kind }) => kind !== 'pin' || lock.kind !== 'pin');
    await this.#options.storage.write('keyring', { ...keyring, locks: [...kept, lock] });
  }

  /** Removes all passkeys. Does nothing on a device without a PIN. */
  async removePasskeys(): Promise<void> {
    const keyring = await this.#keyring();
    const locks = keyring.locks.filter(({ kind }) => kind === 'pin');
    if (locks.length > 0) await this.#options.storage.write('keyring', { ...keyring, locks });
  }

  async #openByPin(keyring: Keyring, pin: string): Promise<Opening> {
    const { storage, stretcher, now } = this.#options;
    const lock = keyring.locks.find((one) => one.kind === 'pin');
    if (lock?.kind !== 'pin') throw new Error('there is no PIN');
    const started = await storage.change('attempts', (attempts = NO_ATTEMPTS) => {
      const start = beginAttempt(attempts, now());
      return { ...(start.kind === 'try' ? { value: start.attempts } : {}), result: start };
    });
    if (started.kind === 'wait') return started;
    if (started.kind === 'try') {
      const root = await openByPin(keyring, lock, pin, stretcher);
      if (root) {
        await storage.write('attempts', NO_ATTEMPTS);
        return { kind: 'open', root };
      }
      const { left, waitMs } = await this.attempts();
      if (left > 0) return { kind: 'wrong', left, waitMs };
    }
    await storage.erase();
    return { kind: 'erased' };
  }

  async #openByPasskey(keyring: Keyring): Promise<Opening> {
    const { passkeys, storage } = this.#options;
    const locks = keyring.locks.filter((lock) => lock.kind === 'passkey');
    const { credentialId, output } = await passkeys.ask(locks);
    const lock = locks.find((one) => sameBytes(one.credentialId, credentialId));
    const root = lock && (await openByPasskey(keyring, lock, output));
    if (!root) throw new Error('the passkey does not fit');
    await storage.write('attempts', NO_ATTEMPTS);
    return { kind: 'open', root };
  }

  async #lock(keyring: Keyring, root: Root, credential: Credential, username: string): Promise<Lock> {
    const { stretcher, passkeys, cost } = this.#options;
    if (credential.kind === 'pin') return pinLock(keyring, root, credential.pin, stretcher, cost);
    const { output, ...passkey } = await passkeys.make(username);
    return passkeyLock(keyring, root, passkey, output);
  }

  async #keyring(): Promise<Keyring> {
    const keyring = await this.#options.storage.read('keyring');
    if (!keyring) throw new Error('the device is not set up');
    return keyring;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

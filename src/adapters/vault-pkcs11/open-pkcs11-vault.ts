import { StartRefused, VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { elapsedMs } from '../system/clock.ts';
import { UnwrappedKeys } from '../vault-keys/unwrapped-keys.ts';
import { type HsmEvent, HsmThread } from './hsm-thread.ts';
import type { HsmProbe } from './mechanisms.ts';
import { parsePkcs11Uri } from './pkcs11-uri.ts';
import { Pkcs11Vault } from './pkcs11-vault.ts';

export interface Pkcs11VaultOptions {
  /** A `pkcs11:` URI, see `parsePkcs11Uri`. */
  readonly url: string;
  readonly pin: string;
  readonly custody: 'hsm' | 'cached';
  /** Asked where the slot holds no keys yet: `false` makes them, `true` refuses, for new ones would open nothing. */
  readonly keysAreStored: () => Promise<boolean>;
  readonly observe?: (event: HsmEvent, reason: string) => void;
  readonly sessionKeysMax?: number;
  readonly callTimeMs?: number;
  readonly unwrappedKeysMax?: number;
  readonly unwrappedKeyTimeMs?: number;
}

export interface OpenedPkcs11Vault {
  readonly vault: Pkcs11Vault;
  /** Whether the slot was empty, and the first keys were made in it now. */
  readonly keysCreated: boolean;
  readonly slotLabel: string;
}

/**
 * Opens the HSM's slot, and makes the first keys in it where there are none.
 * @throws VaultUnavailable when the HSM does not answer now, and the store has keys that are in it
 * @throws StartRefused when the URL, the library, the slot or a mechanism is not as it must be, or the first keys cannot be made
 * @throws PinRefused, which is one, when the PIN is not accepted: it was tried once, and is not to be tried again
 */
export async function openPkcs11Vault(options: Pkcs11VaultOptions): Promise<OpenedPkcs11Vault> {
  const address = parsePkcs11Uri(options.url);
  const thread = new HsmThread({
    address,
    pin: options.pin,
    sessionKeysMax: options.sessionKeysMax ?? LIMITS.hsmInsideKeysMax,
    callTimeMs: options.callTimeMs ?? LIMITS.hsmCallTimeMs,
    observe: options.observe ?? (() => undefined),
  });
  const opened = Promise.withResolvers<void>();
  const before = opening;
  opening = opened.promise;
  await before;
  try {
    let { keysThere, made } = await thread.call('open', { mayMake: false });
    if (!keysThere) {
      if (await options.keysAreStored()) {
        throw new StartRefused(
          `The HSM's slot "${address.slotLabel}" holds no keys of Sello (${address.keyPrefix}/…), and the users in the database have keys that only others open: name the right slot, or restore the HSM from its backup. Nothing was changed.`,
        );
      }
      ({ keysThere, made } = await thread.call('open', { mayMake: true }));
    }
    const unwrapped =
      options.custody === 'cached'
        ? new UnwrappedKeys(
            options.unwrappedKeysMax ?? LIMITS.unwrappedKeysCachedMax,
            options.unwrappedKeyTimeMs ?? LIMITS.unwrappedKeyTimeMs,
            elapsedMs,
          )
        : undefined;
    return { vault: new Pkcs11Vault(thread, unwrapped), keysCreated: made, slotLabel: address.slotLabel };
  } catch (error) {
    await thread.close();
    // A restart may wait for its HSM; a first start is where its keys are made.
    throw error instanceof VaultUnavailable && (await options.keysAreStored())
      ? error
      : asStartRefused(error);
  } finally {
    opened.resolve();
  }
}

/** Libraries are not to be initialised by two threads at once (PKCS#11 v2.40 section 5.4). */
let opening: Promise<void> = Promise.resolve();

/**
 * What the HSM is and lacks, for `sello doctor`. No PIN is used.
 * @throws StartRefused when the URL, the library or the slot is not as it must be
 */
export async function probeHsm(url: string): Promise<HsmProbe> {
  const thread = new HsmThread({
    address: parsePkcs11Uri(url),
    pin: '',
    sessionKeysMax: 1,
    callTimeMs: LIMITS.hsmCallTimeMs,
    observe: () => undefined,
  });
  try {
    return await thread.call('probe', {});
  } catch (error) {
    throw asStartRefused(error);
  } finally {
    await thread.close();
  }
}

/** At the start an operator is there to mend it: an HSM that does not answer is told without a stack, too. */
function asStartRefused(error: unknown): unknown {
  return error instanceof VaultUnavailable
    ? new StartRefused(`vault_url: ${error.message}`, { cause: error })
    : error;
}

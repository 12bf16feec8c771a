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
  /** Asked when the slot holds no keys. `false`: keys are created. `true`: the start is refused, because new keys would open nothing. */
  readonly hadVault: () => Promise<boolean>;
  readonly observe?: (event: HsmEvent, reason: string) => void;
  readonly sessionKeysMax?: number;
  readonly callTimeMs?: number;
  readonly unwrappedKeysMax?: number;
  readonly unwrappedKeyTimeMs?: number;
}

export interface OpenedPkcs11Vault {
  readonly vault: Pkcs11Vault;
  /** Whether this call created the first keys in an empty slot. */
  readonly keysCreated: boolean;
  readonly slotLabel: string;
}

/**
 * Opens the HSM's slot, and creates the first keys in an empty one.
 * @throws VaultUnavailable when the HSM does not answer and the store had a vault: a restart may wait for it
 * @throws StartRefused when the URL, library, slot or mechanisms are unsuitable, or the first keys cannot be created
 * @throws PinRefused (a StartRefused) when the HSM refused the PIN: it was tried once and must not be tried again
 */
export async function openPkcs11Vault(options: Pkcs11VaultOptions): Promise<OpenedPkcs11Vault> {
  const address = parsePkcs11Uri(options.url);
  const thread = new HsmThread({
    address,
    pin: options.pin,
    sessionKeysMax: options.sessionKeysMax ?? LIMITS.hsmSessionKeysMax,
    callTimeMs: options.callTimeMs ?? LIMITS.hsmCallTimeMs,
    observe: options.observe ?? (() => undefined),
  });
  const opened = Promise.withResolvers<void>();
  const before = opening;
  opening = opened.promise;
  await before;
  try {
    let { keysPresent, created } = await thread.call('open', { mayCreate: false });
    if (!keysPresent) {
      if (await options.hadVault()) {
        throw new StartRefused(
          `The HSM's slot "${address.slotLabel}" holds no keys of Sello (${address.keyPrefix}/…), and the database is bound to others: name the right slot, or restore the HSM from its backup. Nothing was changed.`,
        );
      }
      ({ keysPresent, created } = await thread.call('open', { mayCreate: true }));
    }
    const unwrapped =
      options.custody === 'cached'
        ? new UnwrappedKeys(
            options.unwrappedKeysMax ?? LIMITS.unwrappedKeysCachedMax,
            options.unwrappedKeyTimeMs ?? LIMITS.unwrappedKeyTimeMs,
            elapsedMs,
          )
        : undefined;
    return { vault: new Pkcs11Vault(thread, unwrapped), keysCreated: created, slotLabel: address.slotLabel };
  } catch (error) {
    await thread.close();
    // A restart may wait for its HSM; a first start cannot, because it creates the keys.
    throw error instanceof VaultUnavailable && (await options.hadVault()) ? error : asStartRefused(error);
  } finally {
    opened.resolve();
  }
}

/** Serialises opening: two threads must not initialise a library at once (PKCS#11 v2.40 section 5.4). */
let opening: Promise<void> = Promise.resolve();

/**
 * Returns what the HSM is and what it lacks, for `sello doctor`. Does NOT use the PIN.
 * @throws StartRefused when the URL, the library or the slot is unsuitable
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

/** Turns an outage into a StartRefused: at a first start an operator is present, who needs a message without a stack. */
function asStartRefused(error: unknown): unknown {
  return error instanceof VaultUnavailable
    ? new StartRefused(`vault_url: ${error.message}`, { cause: error })
    : error;
}

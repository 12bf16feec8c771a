import { existsSync } from 'node:fs';
import { systemRandom } from '../adapters/system/random.ts';
import { createFileVault, openFileVault } from '../adapters/vault-file/open-file-vault.ts';
import { resolvePassphrase } from '../adapters/vault-file/passphrase.ts';
import type { RemoteVaultLogger } from '../adapters/vault-remote/options.ts';
import { BoundVault } from '../application/keys/bound-vault.ts';
import { DeferredVault } from '../application/keys/deferred-vault.ts';
import { bindVault } from '../application/keys/vault-binding.ts';
import type { Config } from '../config.ts';
import { PinRefused, StartRefused, VaultUnavailable } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyOwner, KeyVault, WrappedKey } from '../ports/key-vault.ts';
import type { Store } from '../ports/store.ts';
import { passphrasePath, vaultPath } from './paths.ts';
import { vaultCallerCredentials } from './vault-credentials.ts';

export interface OpenedVault {
  readonly vault: KeyVault;
  /** The path of the sealed file, when the keys are in one. */
  readonly sealedFile: string | undefined;
  /** Reads the credentials again, when the vault is another process. @returns whether the new ones are in use */
  readonly reload?: () => Promise<boolean>;
  /** Set when the vault does not answer yet. */
  readonly awaited?: AwaitedVault;
}

export interface AwaitedVault {
  readonly reason: string;
  /** Resolves when the vault is open. Never resolves when it is closed before. */
  readonly opened: Promise<void>;
}

export interface OpenVaultOptions {
  readonly clock: Clock;
  /** Whether the store is bound to a vault, or has keys that only theirs opens. Asked before a new vault is made. */
  readonly hadVault: () => Promise<boolean>;
  /** Receives the paths of what is made. */
  readonly generated: string[];
  /** One of the keys in the store, to check that this is their vault. */
  readonly storedKey?: () => Promise<{ readonly owner: KeyOwner; readonly wrapped: WrappedKey } | undefined>;
  /** The store that the vault is bound to. Unset for a vault that serves others. */
  readonly store?: Pick<Store, 'bindVault'>;
  readonly log?: RemoteVaultLogger;
  /** Whether to start without a remote vault that does not answer, and try again in the background. */
  readonly mayWait?: boolean;
}

/**
 * Opens the vault that `vault_url` names.
 * @throws StartRefused when the operator must fix something; the message says what
 */
export async function openVault(config: Config, options: OpenVaultOptions): Promise<OpenedVault> {
  const { mayWait = false, log = SILENT } = options;
  const isHsm = config.vaultUrl.startsWith('pkcs11:');
  if (!isHsm && !config.vaultUrl.startsWith('https:')) return openSealedFile(config, options);
  let opened: OpenedVault | undefined;
  const open = async () => {
    opened = await (isHsm ? openHsm(config, options) : openVaultProcess(config, options));
    return opened.vault;
  };
  const reload = async () => (await opened?.reload?.()) ?? true;
  try {
    return { vault: await open(), sealedFile: undefined, reload };
  } catch (error) {
    if (!(error instanceof VaultUnavailable)) throw error;
    const reason = error.message;
    if (!mayWait) throw new StartRefused(reason, { cause: error });
    log.error({ reason }, 'started without the key vault: what needs it is refused until it answers');
    const custody = isHsm ? config.vaultCustody : 'hsm';
    // An HSM locks its slot after a few wrong PINs.
    const isFinal = (failure: unknown) => failure instanceof PinRefused;
    const vault = new DeferredVault({ custody, reason, open, isFinal, log });
    return { vault, sealedFile: undefined, reload, awaited: { reason, opened: vault.opened } };
  }
}

async function openHsm(config: Config, options: OpenVaultOptions): Promise<OpenedVault> {
  const { hadVault, generated, log = SILENT } = options;
  const { openPkcs11Vault } = await import('../adapters/vault-pkcs11/open-pkcs11-vault.ts');
  let isOpen = false;
  const { vault, slotLabel, keysCreated } = await openPkcs11Vault({
    url: config.vaultUrl,
    pin: config.vaultPin ?? '',
    custody: config.vaultCustody,
    hadVault,
    observe: (event, reason) => {
      if (!isOpen) return;
      if (event === 'healed') log.info({ reason }, 'HSM works again');
      else log.error({ reason }, `HSM ${event}`);
    },
  });
  if (keysCreated) generated.push(`the keys in the HSM's slot "${slotLabel}"`);
  const usable = await bound(vault, options, `the HSM's slot "${slotLabel}"`);
  isOpen = true;
  log.info({ slot: slotLabel, custody: vault.custody }, 'key vault: HSM');
  return { vault: usable, sealedFile: undefined };
}

async function openVaultProcess(config: Config, options: OpenVaultOptions): Promise<OpenedVault> {
  const { openRemoteVault } = await import('../adapters/vault-remote/vault.ts');
  const { vault, reload } = await openRemoteVault({
    url: config.vaultUrl,
    credentials: () => vaultCallerCredentials(config),
    log: options.log ?? SILENT,
  });
  const usable = await bound(vault, options, `the vault process ${config.vaultUrl}`);
  return { vault: usable, sealedFile: undefined, reload };
}

/**
 * Checks that the vault opens the keys in the store, and that it is the one, and no older copy of the one, that the
 * store is bound to. With another vault's keys every MAC would be wrong, every user locked out, and new users' keys
 * wrapped under keys that the right vault does not have. Closes a vault that is refused.
 * @throws StartRefused, VaultUnavailable
 */
async function bound(
  vault: KeyVault,
  { storedKey, store }: OpenVaultOptions,
  name: string,
): Promise<KeyVault> {
  if (!store) return vault;
  try {
    const stored = await storedKey?.();
    if (stored) {
      const [mac] = await vault.computeMacs([{ ...stored, algorithm: 'sha256', message: Buffer.alloc(1) }]);
      if (!mac) {
        throw new StartRefused(
          `vault_url: ${name} does not open the keys of the users in this database: it is another vault, or older than they are. Nothing was changed.`,
        );
      }
    }
    const wrong = await bindVault(store, vault);
    if (wrong !== undefined) throw new StartRefused(`vault_url: ${name} ${wrong} Nothing was changed.`);
    return new BoundVault(vault, await vault.activeKeyVersion());
  } catch (error) {
    await vault.close();
    throw error;
  }
}

const SILENT: RemoteVaultLogger = { info() {}, error() {} };

async function openSealedFile(config: Config, options: OpenVaultOptions): Promise<OpenedVault> {
  const { clock, hadVault, generated } = options;
  const path = vaultPath(config);
  const exists = existsSync(path);
  if (!exists && (await hadVault())) {
    throw new StartRefused(
      `The key vault ${path} is missing, and the database is bound to it: restore it from a backup. Nothing was changed.`,
    );
  }
  const passphraseFile = passphrasePath(config);
  if (exists && config.vaultPassphrase === null && !existsSync(passphraseFile)) {
    throw new StartRefused(
      `The key vault ${path} is sealed, and the file ${passphraseFile} with its passphrase is missing: put it back, or give vault_passphrase_file.`,
    );
  }
  const { passphrase, origin } = await resolvePassphrase({
    given: config.vaultPassphrase ?? undefined,
    generateInto: passphraseFile,
    random: systemRandom,
  });
  if (origin === 'generated') generated.push(passphraseFile);
  const file = { path, passphrase, random: systemRandom, clock };
  if (!exists) generated.push(path);
  const vault = await (exists ? openFileVault(file) : createFileVault(file));
  return { vault: await bound(vault, options, `the file ${path}`), sealedFile: path };
}

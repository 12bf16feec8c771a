import { existsSync } from 'node:fs';
import { systemRandom } from '../adapters/system/random.ts';
import { createFileVault, openFileVault } from '../adapters/vault-file/open-file-vault.ts';
import { resolvePassphrase } from '../adapters/vault-file/passphrase.ts';
import type { RemoteVaultLogger } from '../adapters/vault-remote/options.ts';
import { DeferredVault } from '../application/keys/deferred-vault.ts';
import type { Config } from '../config.ts';
import { PinRefused, StartRefused, VaultUnavailable } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyOwner, KeyVault, WrappedKey } from '../ports/key-vault.ts';
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
  /** Whether the store has wrapped keys, which only their own vault opens. Asked before a new vault is made. */
  readonly keysAreStored: () => Promise<boolean>;
  /** Receives the paths of what is made. */
  readonly generated: string[];
  /** One of the keys in the store, to check that this is their vault. */
  readonly storedKey?: () => Promise<{ readonly owner: KeyOwner; readonly wrapped: WrappedKey } | undefined>;
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
  const { keysAreStored, storedKey, generated, log = SILENT } = options;
  const { openPkcs11Vault } = await import('../adapters/vault-pkcs11/open-pkcs11-vault.ts');
  let isOpen = false;
  const { vault, slotLabel, keysCreated } = await openPkcs11Vault({
    url: config.vaultUrl,
    pin: config.vaultPin ?? '',
    custody: config.vaultCustody,
    keysAreStored,
    observe: (event, reason) => {
      if (!isOpen) return;
      if (event === 'healed') log.info({ reason }, 'HSM works again');
      else log.error({ reason }, `HSM ${event}`);
    },
  });
  if (keysCreated) generated.push(`the keys in the HSM's slot "${slotLabel}"`);
  await refuseOtherKeys(vault, storedKey, `the HSM's slot "${slotLabel}"`);
  isOpen = true;
  log.info({ slot: slotLabel, custody: vault.custody }, 'key vault: HSM');
  return { vault, sealedFile: undefined };
}

async function openVaultProcess(config: Config, { log, storedKey }: OpenVaultOptions): Promise<OpenedVault> {
  const { openRemoteVault } = await import('../adapters/vault-remote/vault.ts');
  const { vault, reload } = await openRemoteVault({
    url: config.vaultUrl,
    credentials: () => vaultCallerCredentials(config),
    log: log ?? SILENT,
  });
  await refuseOtherKeys(vault, storedKey, `the vault process ${config.vaultUrl}`);
  return { vault, sealedFile: undefined, reload };
}

/** With another vault's keys every MAC would be wrong, and every user locked out. */
async function refuseOtherKeys(
  vault: KeyVault,
  storedKey: OpenVaultOptions['storedKey'],
  name: string,
): Promise<void> {
  try {
    const stored = await storedKey?.();
    if (!stored) return;
    const [mac] = await vault.computeMacs([{ ...stored, algorithm: 'sha256', message: Buffer.alloc(1) }]);
    if (mac) return;
    throw new StartRefused(
      `vault_url: ${name} does not open the keys of the users in this database: it is another vault, or older than they are. Nothing was changed.`,
    );
  } catch (error) {
    await vault.close();
    throw error;
  }
}

const SILENT: RemoteVaultLogger = { info() {}, error() {} };

async function openSealedFile(
  config: Config,
  { clock, keysAreStored, generated }: OpenVaultOptions,
): Promise<OpenedVault> {
  const path = vaultPath(config);
  const exists = existsSync(path);
  if (!exists && (await keysAreStored())) {
    throw new StartRefused(
      `The key vault ${path} is missing, and the users in the database have keys that only it opens: restore it from a backup. Nothing was changed.`,
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
  const options = { path, passphrase, random: systemRandom, clock };
  if (!exists) generated.push(path);
  return { vault: await (exists ? openFileVault(options) : createFileVault(options)), sealedFile: path };
}

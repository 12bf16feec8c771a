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
  /** Where the keys are one file: its path. */
  readonly sealedFile: string | undefined;
  /** Where it is another process: reads the credentials for it again. @returns whether they are in use */
  readonly reload?: () => Promise<boolean>;
  /** Where it does not answer yet. */
  readonly awaited?: AwaitedVault;
}

export interface AwaitedVault {
  readonly reason: string;
  /** Resolves when it is open; never, where it is closed before. */
  readonly opened: Promise<void>;
}

export interface VaultSurroundings {
  readonly clock: Clock;
  /** Whether the store holds keys that only the vault they were wrapped in opens; told where a new vault would be made. */
  readonly keysAreStored: () => Promise<boolean>;
  /** Paths of what is made go here. */
  readonly generated: string[];
  /** One of the keys that the store holds, to see that the vault is theirs. */
  readonly storedKey?: () => Promise<{ readonly owner: KeyOwner; readonly wrapped: WrappedKey } | undefined>;
  readonly log?: RemoteVaultLogger;
  /** Whether one that is elsewhere and does not answer now is waited for in the background. */
  readonly mayWait?: boolean;
}

/**
 * Opens what `vault_url` names.
 * @throws StartRefused where an operator can mend what is wrong
 */
export async function openVault(config: Config, surroundings: VaultSurroundings): Promise<OpenedVault> {
  const { mayWait = false, log = SILENT } = surroundings;
  const isHsm = config.vaultUrl.startsWith('pkcs11:');
  if (!isHsm && !config.vaultUrl.startsWith('https:')) return openSealedFile(config, surroundings);
  let opened: OpenedVault | undefined;
  const open = async () => {
    opened = await (isHsm ? openHsm(config, surroundings) : openVaultProcess(config, surroundings));
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

async function openHsm(config: Config, surroundings: VaultSurroundings): Promise<OpenedVault> {
  const { keysAreStored, storedKey, generated, log = SILENT } = surroundings;
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

async function openVaultProcess(config: Config, { log, storedKey }: VaultSurroundings): Promise<OpenedVault> {
  const { openRemoteVault } = await import('../adapters/vault-remote/vault.ts');
  const { vault, reload } = await openRemoteVault({
    url: config.vaultUrl,
    credentials: () => vaultCallerCredentials(config),
    log: log ?? SILENT,
  });
  await refuseOtherKeys(vault, storedKey, `the vault process ${config.vaultUrl}`);
  return { vault, sealedFile: undefined, reload };
}

/** Under other keys every MAC would be wrong and every user locked out of their own. */
async function refuseOtherKeys(
  vault: KeyVault,
  storedKey: VaultSurroundings['storedKey'],
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
  { clock, keysAreStored, generated }: VaultSurroundings,
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

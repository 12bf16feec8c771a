import type { Command } from 'commander';
import { type IdentityKeys, readCorrespondent } from '../../client/messages/identity-keys.ts';
import { openingUses } from '../../client/messages/open-message.ts';
import { type OwnKeys, prepared, type VaultKeys } from '../../client/messages/own-keys.ts';
import { type VaultUsesAnswer, vaultKeys } from '../../client/messages/vault-keys.ts';
import { tokenHmac } from '../../client/token-hmac.ts';
import { boundCode } from '../../domain/otp/bound-code.ts';
import { text } from '../../language/text.ts';
import { Server, type ServerOptions, serverFlags } from '../identity/server.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, usageFailure } from '../shell/failure.ts';
import { readSecret } from '../shell/secret-input.ts';
import type { Shell } from '../shell/shell.ts';
import { readSeed } from '../token/seed.ts';
import { readOwnKeys } from './files.ts';

/** What `--keys` says in place of a file: the keys are in the server's vault. */
export const IN_VAULT = 'vault';

export interface VaultOptions extends ServerOptions {
  readonly keys: string;
  readonly user?: string;
  readonly secret?: string;
}

/** The flags that keys in the vault need. */
export function vaultFlags(shell: Shell, command: Command): Command {
  const say = shell.say.bind(shell);
  return serverFlags(
    shell,
    command
      .option(
        '--user <name>',
        say(text('with --keys vault: your user name', 'con --keys vault: su nombre de usuario')),
      )
      .option(
        '--secret <base32>',
        say(
          text(
            'with --keys vault: the seed of your ocra token, whose code is computed here; otherwise you are asked for a code',
            'con --keys vault: la semilla de su token ocra, cuyo código se calcula aquí; si no, se le pide un código',
          ),
        ),
      ),
  );
}

/** Reads one's own keys from a file, or finds those in the vault, logged in. @throws CommandFailure, RefusedByServer */
export async function ownKeysOf(
  shell: Shell,
  options: VaultOptions,
): Promise<{ readonly user: string; readonly keys: OwnKeys }> {
  return options.keys === IN_VAULT ? keysInVault(shell, options) : readOwnKeys(options.keys);
}

/** Has the vault open a message and sign its receipt by one code. Keys of a file need no preparation. */
export async function preparedFor(
  { user, keys }: { readonly user: string; readonly keys: OwnKeys },
  jwe: string,
  receipt: { readonly from: string; readonly now: number },
): Promise<OwnKeys> {
  if (isOnDevice(keys)) return keys;
  const uses = await openingUses(jwe, keys, { ...receipt, user });
  return uses ? prepared(keys, uses) : keys;
}

function isOnDevice(keys: OwnKeys): keys is IdentityKeys {
  return 'sign' in keys;
}

async function keysInVault(
  shell: Shell,
  options: VaultOptions,
): Promise<{ readonly user: string; readonly keys: VaultKeys }> {
  const user = userOf(options);
  const server = await Server.logIn(shell, options, user);
  const found = await server.request('GET', `/v1/identities/${encodeURIComponent(user)}`);
  const own = await readCorrespondent(found);
  if (!own || found.custody !== IN_VAULT) {
    throw new CommandFailure(
      EXIT.refused,
      'vault_keys_unknown',
      text('your keys in force are not in the vault', 'sus claves en vigor no están en la bóveda'),
    );
  }
  const { signKey, sealKey } = own;
  const keys = vaultKeys({
    ...{ user, signKey, sealKey },
    challenge: async () => {
      const { challenges } = await server.request('POST', '/v1/challenges', {});
      return (challenges as readonly { readonly nonce: string }[])[0]?.nonce ?? '';
    },
    code: (question) => codeOver(shell, options, question),
    post: async (body) =>
      (await server.request('POST', '/v1/identities/vault/uses', body)) as unknown as VaultUsesAnswer,
  });
  return { user, keys };
}

/** @throws CommandFailure where no name was given */
export function userOf({ user }: VaultOptions): string {
  if (user !== undefined) return user;
  throw usageFailure(text('--keys vault needs --user', '--keys vault necesita --user'));
}

/** The bound code of a question: computed by the token's seed, or asked for. @throws CommandFailure */
export function codeOver(
  shell: Shell,
  { secret }: Pick<VaultOptions, 'secret'>,
  question: string,
): Promise<string> {
  if (secret !== undefined)
    return Promise.resolve(boundCode(tokenHmac, readSeed(secret), question, Date.now()));
  const prompt = text(
    `Code of your ocra token over ${question}`,
    `Código de su token ocra sobre ${question}`,
  );
  return readSecret(shell, false, '--secret', prompt);
}

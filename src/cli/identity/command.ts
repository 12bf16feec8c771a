import type { Command } from 'commander';
import { exportJWK } from 'jose';
import { makeIdentityKeys, publicJwksOf, readCorrespondent } from '../../client/messages/identity-keys.ts';
import { safetyNumber } from '../../client/messages/safety-number.ts';
import { tokenHmac } from '../../client/token-hmac.ts';
import { identityQuestion } from '../../domain/identity/identity-question.ts';
import { boundCode } from '../../domain/otp/bound-code.ts';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import { type OwnKeys, readOwnKeys, readPublicKeys, writeOutput } from '../message/files.ts';
import { codeOver, IN_VAULT, userOf, type VaultOptions } from '../message/vault-keys.ts';
import { examples } from '../shell/examples.ts';
import { granted } from '../shell/failure.ts';
import { defineNamedAction } from '../shell/named-action.ts';
import type { Shell } from '../shell/shell.ts';
import { readSeed } from '../token/seed.ts';
import { Server, type ServerOptions, serverFlags } from './server.ts';

/** The keys of messages: made and enrolled by their user, verified and revoked by the operator. */
export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  const keys = ['--keys <file>', say(text('your own keys', 'sus propias claves'))] as const;

  command
    .command('new')
    .description(
      say(
        text(
          'make keys for messages on this machine, in a file for its owner alone',
          'generar claves para mensajes en esta máquina, en un fichero solo para su dueño',
        ),
      ),
    )
    .requiredOption('--user <name>', say(text('the user name', 'el nombre de usuario')))
    .requiredOption('--out <file>', say(text('the file to make', 'el fichero que se crea')))
    .addHelpText('after', examples(shell, 'sello identity new --user alice --out alice.keys'))
    .action(async ({ user, out }: { readonly user: string; readonly out: string }) => {
      const made = await makeIdentityKeys(true);
      const [sign, seal] = await Promise.all([
        exportJWK(made.sign.privateKey),
        exportJWK(made.seal.privateKey),
      ]);
      await writeOutput(out, `${JSON.stringify({ user, sign, seal })}\n`);
      tellKeys(shell, { user, keys: made });
    });

  command
    .command('public')
    .description(say(text('print the public keys, for others', 'mostrar las claves públicas, para otros')))
    .requiredOption(...keys)
    .addHelpText('after', examples(shell, 'sello identity public --keys alice.keys > alice.json'))
    .action(async (options: { readonly keys: string }) => {
      const own = await readOwnKeys(options.keys);
      shell.print(JSON.stringify({ user: own.user, ...(await publicJwksOf(own.keys)) }));
    });

  command
    .command('number')
    .description(
      say(
        text(
          'the safety number of you and somebody: compare it by voice or side by side',
          'el número de seguridad entre usted y otra persona: compárenlo de viva voz o cara a cara',
        ),
      ),
    )
    .requiredOption(...keys)
    .requiredOption('--with <file>', say(text('their public keys', 'sus claves públicas')))
    .addHelpText('after', examples(shell, 'sello identity number --keys alice.keys --with bob.json'))
    .action(async (options: { readonly keys: string; readonly with: string }) => {
      const { user, keys: own } = await readOwnKeys(options.keys);
      const number = await safetyNumber({ user, ...own }, await readPublicKeys(options.with));
      shell.result({ safety_number: number }, () => number);
    });

  serverFlags(
    shell,
    command
      .command('enrol')
      .description(
        say(
          text(
            'enrol the keys by a bound code of your ocra token over both of them',
            'dar de alta las claves con un código de su token ocra ligado a las dos',
          ),
        ),
      )
      .requiredOption(
        '--keys <file>',
        say(
          text(
            'your own keys: a file of sello identity new, or vault: the vault makes them',
            'sus propias claves: un fichero de sello identity new, o vault: las genera la bóveda',
          ),
        ),
      )
      .option(
        '--user <name>',
        say(text('with --keys vault: your user name', 'con --keys vault: su nombre de usuario')),
      )
      .option(
        '--secret <base32>',
        say(
          text(
            'the seed of the ocra token: its code is computed here',
            'la semilla del token ocra: su código se calcula aquí',
          ),
        ),
      )
      .option('--code <code>', say(text('or the code', 'o el código'))),
  )
    .addHelpText(
      'after',
      examples(
        shell,
        'printf secreto | sello identity enrol --keys alice.keys --password-stdin --code 123456',
        'sello identity enrol --keys vault --user alice',
      ),
    )
    .action(async (options: VaultOptions & { readonly code?: string }) => {
      if (options.keys === IN_VAULT) {
        await enrolInVault(shell, options);
        return;
      }
      const own = await readOwnKeys(options.keys);
      const code =
        options.secret === undefined
          ? options.code
          : boundCode(tokenHmac, readSeed(options.secret), questionOf(own), Date.now());
      if (code === undefined) {
        tellKeys(shell, own);
        shell.exitCode = 2;
        return;
      }
      const server = await Server.logIn(shell, options, own.user);
      const body = { ...(await publicJwksOf(own.keys)), code };
      const enrolled = await server.request('POST', '/v1/identities', body);
      shell.result(enrolled, () => say(text(`Enrolled for ${own.user}`, `Dadas de alta para ${own.user}`)));
    });

  serverFlags(
    shell,
    command
      .command('show')
      .description(
        say(
          text(
            "print somebody's public keys, as the server shows them",
            'mostrar las claves públicas de alguien, como las da el servidor',
          ),
        ),
      )
      .argument('<name>', say(text('the user name', 'el nombre de usuario')))
      .requiredOption('--user <name>', say(text('your own user name', 'su propio nombre de usuario'))),
  )
    .addHelpText(
      'after',
      examples(shell, 'printf secreto | sello identity show bob --user alice --password-stdin > bob.json'),
    )
    .action(async (name: string, options: ServerOptions & { readonly user: string }) => {
      const server = await Server.logIn(shell, options, options.user);
      shell.print(JSON.stringify(await server.request('GET', `/v1/identities/${encodeURIComponent(name)}`)));
    });

  command
    .command('verify')
    .description(
      say(
        text(
          'record, as the operator, that the keys were compared with the person',
          'dejar constancia, como operador, de que las claves se compararon con la persona',
        ),
      ),
    )
    .argument('<name>', say(text('the user name', 'el nombre de usuario')))
    .requiredOption(
      '--sign <thumbprint>',
      say(text('the signing key that was compared', 'la clave de firma que se comparó')),
    )
    .requiredOption('--seen <text>', say(text('what was seen of the person', 'qué se vio de la persona')))
    .addHelpText('after', examples(shell, "sello identity verify bob --sign oKIywv… --seen 'passport …3456'"))
    .action(async (username: string, { sign, seen }: { readonly sign: string; readonly seen: string }) => {
      const done = granted(await operate(shell.config(), 'identity.verify', { username, sign, seen }));
      shell.result(done, () => say(text(`Verified: ${username}`, `Verificado: ${username}`)));
    });

  defineNamedAction(command, shell, say(text('the user name', 'el nombre de usuario')), {
    verb: 'revoke',
    description: text('revoke the keys in force, at once', 'revocar ahora las claves en vigor'),
    done: text('Revoked', 'Revocadas'),
    example: 'sello identity revoke bob',
    run: async (username) => granted(await operate(shell.config(), 'identity.revoke', { username })),
  });
}

/** Has the vault make keys, and enrols them by a code over both. */
async function enrolInVault(shell: Shell, options: VaultOptions): Promise<void> {
  const user = userOf(options);
  const server = await Server.logIn(shell, options, user);
  const made = await server.request('POST', '/v1/identities/vault', {});
  const own = await readCorrespondent({ user, ...made });
  if (!own) throw new Error('the vault made no keys');
  const question = identityQuestion({ user, sign: own.signKey, seal: own.sealKey });
  shell.note(
    text(`signs ${own.signKey}, sealed to ${own.sealKey}`, `firma ${own.signKey}, sellado ${own.sealKey}`),
  );
  const code = await codeOver(shell, options, question);
  const enrolled = await server.request('POST', '/v1/identities', { ...made, code });
  shell.result(enrolled, () =>
    shell.say(text(`Enrolled for ${user}, in the vault`, `Dadas de alta para ${user}, en la bóveda`)),
  );
}

function questionOf({ user, keys: { signKey: sign, sealKey: seal } }: OwnKeys): string {
  return identityQuestion({ user, sign, seal });
}

function tellKeys(shell: Shell, own: OwnKeys): void {
  const { signKey: sign, sealKey: seal } = own.keys;
  const question = questionOf(own);
  shell.result({ user: own.user, sign, seal, question }, () => [
    `${shell.say(text('signs', 'firma'))}     ${sign}`,
    `${shell.say(text('sealed to', 'sellado'))} ${seal}`,
    shell.say(
      text(
        `Enrol them by a code of your ocra token over ${question}`,
        `Delas de alta con un código de su token ocra sobre ${question}`,
      ),
    ),
  ]);
}

import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { openMessage, sha256Of, signReceipt } from '../../client/messages/open-message.ts';
import { type OutgoingMessage, sealMessage, signMessage } from '../../client/messages/seal-message.ts';
import { verifySigned } from '../../client/messages/verify-signed.ts';
import type { MessageClaims } from '../../domain/messages/message-form.ts';
import { text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { examples } from '../shell/examples.ts';
import { usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { defineExport } from './export-cms.ts';
import { readInput, readMessageFile, readPublicKeys, writeOutput } from './files.ts';
import { believed } from './problem-text.ts';
import { ownKeysOf, preparedFor, type VaultOptions, vaultFlags } from './vault-keys.ts';

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = '30';

interface OutgoingOptions extends VaultOptions {
  readonly to: readonly string[];
  readonly in: string;
  readonly out: string;
  readonly type: string;
  readonly days: string;
}

interface OpenOptions extends VaultOptions {
  readonly from: string;
  readonly in: string;
  readonly out: string;
  readonly signed?: string;
  readonly receipt?: string;
  readonly anyTime?: boolean;
}

interface VerifyOptions {
  readonly from: string;
  readonly in: string;
  readonly out?: string;
  readonly anyTime?: boolean;
}

/** Sealing, opening, signing and verifying messages by files alone: no server is asked, but for keys in its vault. */
export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  const keys = [
    '--keys <file>',
    say(
      text(
        'your own keys: a file of sello identity new, or vault',
        'sus propias claves: un fichero de sello identity new, o vault',
      ),
    ),
  ] as const;
  const from = [
    '--from <file>',
    say(
      text(
        "the sender's public keys, as you saw them first",
        'las claves públicas del remitente, tal como las vio primero',
      ),
    ),
  ] as const;
  const input = [
    '--in <file>',
    say(text('what is read; - for standard input', 'lo que se lee; - para la entrada estándar')),
    '-',
  ] as const;
  const output = [
    '--out <file>',
    say(text('what is written; - for standard output', 'lo que se escribe; - para la salida estándar')),
    '-',
  ] as const;
  const anyTime = [
    '--any-time',
    say(text('whenever it was: as evidence', 'sea de cuando sea: como prueba')),
  ] as const;

  const outgoing = (verb: string, description: string) =>
    command
      .command(verb)
      .description(description)
      .requiredOption(...keys)
      .requiredOption(
        '--to <file...>',
        say(text("the recipients' public keys", 'las claves públicas de los destinatarios')),
      )
      .option(...input)
      .option(...output)
      .option(
        '--type <mime>',
        say(text('the media type', 'el tipo de contenido')),
        'application/octet-stream',
      )
      .option(
        '--days <count>',
        say(text('for how long it is valid', 'durante cuánto es válido')),
        DAYS_DEFAULT,
      );

  vaultFlags(
    shell,
    outgoing(
      'seal',
      say(text('sign and seal a file to recipients', 'firmar y sellar un fichero para sus destinatarios')),
    ),
  )
    .addHelpText(
      'after',
      examples(
        shell,
        'sello message seal --keys alice.json --to bob.json --in offer.pdf --type application/pdf --out offer.jwe',
      ),
    )
    .action((options: OutgoingOptions) => write(shell, options, sealMessage));
  vaultFlags(
    shell,
    outgoing('sign', say(text('sign a file, without sealing it', 'firmar un fichero, sin sellarlo'))),
  )
    .addHelpText(
      'after',
      examples(shell, 'sello message sign --keys alice.json --to bob.json --in offer.pdf --out offer.jws'),
    )
    .action((options: OutgoingOptions) => write(shell, options, signMessage));

  vaultFlags(
    shell,
    command
      .command('open')
      .description(
        say(
          text(
            'open a sealed message, and verify who wrote it',
            'abrir un mensaje sellado y comprobar quién lo escribió',
          ),
        ),
      )
      .requiredOption(...keys)
      .requiredOption(...from)
      .option(...input)
      .option(...output)
      .option(
        '--signed <file>',
        say(
          text(
            'also write the signed message: proof for others',
            'escribir también el mensaje firmado: prueba ante otros',
          ),
        ),
      )
      .option(
        '--receipt <file>',
        say(text('also write a receipt, signed by you', 'escribir también un acuse firmado por usted')),
      )
      .option(...anyTime),
  )
    .addHelpText(
      'after',
      examples(shell, 'sello message open --keys bob.json --from alice.json --in offer.jwe --out offer.pdf'),
    )
    .action((options: OpenOptions) => open(shell, options));

  command
    .command('verify')
    .description(say(text('verify a signed message', 'comprobar un mensaje firmado')))
    .requiredOption(...from)
    .option(...input)
    .option('--out <file>', say(text('also write its content', 'escribir también su contenido')))
    .option(...anyTime)
    .addHelpText('after', examples(shell, 'sello message verify --from alice.json --in offer.jws --any-time'))
    .action((options: VerifyOptions) => verify(shell, options));

  defineExport(command, shell);
}

async function write(
  shell: Shell,
  options: OutgoingOptions,
  make: (message: OutgoingMessage) => Promise<string>,
): Promise<void> {
  const { messageRecipientsMax, messageContentBytesMax } = LIMITS;
  if (options.to.length > messageRecipientsMax) {
    throw usageFailure(
      text(
        `${options.to.length} recipients: at most ${messageRecipientsMax}`,
        `${options.to.length} destinatarios: ${messageRecipientsMax} como máximo`,
      ),
    );
  }
  const days = Number(options.days);
  if (!(days > 0 && days <= 3_650)) {
    throw usageFailure(text('--days: a number up to 3650', '--days: un número de hasta 3650'));
  }
  const recipients = await Promise.all(options.to.map(readPublicKeys));
  const { user, keys } = await ownKeysOf(shell, options);
  const id = randomUUID();
  const made = await make({
    ...{ user, keys, recipients, id, contentType: options.type },
    content: await readInput(options.in, messageContentBytesMax),
    ...{ now: Date.now(), lifetimeMs: days * DAY_MS },
  });
  await writeOutput(options.out, options.out === '-' ? `${made}\n` : made);
  if (options.out === '-') return;
  shell.result({ jti: id, bytes: made.length, out: options.out }, () => options.out);
}

async function open(shell: Shell, options: OpenOptions): Promise<void> {
  const sender = await readPublicKeys(options.from);
  const jwe = (await readMessageFile(options.in)).toString('utf8').trimEnd();
  const own = await ownKeysOf(shell, options);
  const now = Date.now();
  const { user } = own;
  const keys =
    options.receipt === undefined ? own.keys : await preparedFor(own, jwe, { from: sender.user, now });
  const opened = believed(await openMessage(jwe, keys, sender, options.anyTime ? undefined : now));
  await writeOutput(options.out, opened.content);
  if (options.signed !== undefined) await writeOutput(options.signed, opened.signed);
  if (options.receipt !== undefined) {
    const receipt = await signReceipt(user, keys, opened, { sha256: await sha256Of(jwe), now });
    await writeOutput(options.receipt, receipt);
  }
  tell(shell, opened.claims, options.out);
}

async function verify(shell: Shell, options: VerifyOptions): Promise<void> {
  const sender = await readPublicKeys(options.from);
  const signed = (await readMessageFile(options.in)).toString('utf8').trim();
  const verified = believed(await verifySigned(signed, sender, options.anyTime ? undefined : Date.now()));
  if (options.out !== undefined) await writeOutput(options.out, verified.content);
  tell(shell, verified.claims, options.out);
}

/** Tells what was verified: on stderr for people where the content goes to stdout. */
function tell(shell: Shell, { iss, iat, exp, cty, jti, aud }: MessageClaims, out: string | undefined): void {
  const at = new Date(iat * 1000).toISOString();
  const until = new Date(exp * 1000).toISOString();
  if (out === '-') {
    shell.note(text(`Signed by ${iss}, ${at}, ${cty}`, `Firmado por ${iss}, ${at}, ${cty}`));
    return;
  }
  shell.result({ valid: true, from: iss, at, until, type: cty, jti, recipients: aud }, () =>
    shell.say(text(`Signed by ${iss}, ${at}, ${cty}`, `Firmado por ${iss}, ${at}, ${cty}`)),
  );
}

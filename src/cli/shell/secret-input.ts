import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { secretText } from '../../domain/encoding/secret-text.ts';
import { type Text, text } from '../../language/text.ts';
import { usageFailure } from './failure.ts';
import type { Shell } from './shell.ts';
import { readStdin } from './stdin.ts';

const SECRET_BYTES_MAX = 4_096;

/**
 * Reads a secret from standard input, for scripts, or asks for it without an echo. Never takes one as an argument:
 * every user of the machine can read those.
 * @throws CommandFailure when there is no terminal to ask at, or the input is empty or too long
 */
export async function readSecret(
  shell: Shell,
  fromStdin: boolean,
  flag: string,
  prompt: Text,
): Promise<string> {
  if (fromStdin) return readSecretFromStdin();
  if (process.stdin.isTTY) return ask(shell, prompt, true);
  throw usageFailure(
    text('no password: nobody to ask here', 'falta la contraseña: aquí no hay a quién pedirla'),
    text(
      `Give it on standard input with ${flag}, or run the command at a terminal (in a container: docker exec -it).`,
      `Dela por la entrada estándar con ${flag}, o ejecute la orden en una terminal (en un contenedor: docker exec -it).`,
    ),
  );
}

async function readSecretFromStdin(): Promise<string> {
  const bytes = await readStdin(SECRET_BYTES_MAX);
  if (bytes.length > SECRET_BYTES_MAX) {
    throw usageFailure(
      text(
        'standard input is too long for a password',
        'la entrada estándar es demasiado larga para una contraseña',
      ),
    );
  }
  const secret = secretText(bytes);
  if ('problem' in secret)
    throw usageFailure(
      text(
        'the password on standard input is not UTF-8 text, or begins with a byte order mark',
        'la contraseña de la entrada estándar no es texto UTF-8, o empieza por una marca de orden de bytes',
      ),
    );
  if (secret.text !== '') return secret.text;
  throw usageFailure(
    text('the password on standard input is empty', 'la contraseña de la entrada estándar está vacía'),
  );
}

/** The password of a user. @param fromStdin whether `--password-stdin` was given @throws CommandFailure */
export function readPassword(shell: Shell, fromStdin: boolean | undefined): Promise<string> {
  return readSecret(shell, fromStdin === true, '--password-stdin', text('Password', 'Contraseña'));
}

/** Asks a person at the terminal. @param unseen whether to leave out the echo */
export async function ask(shell: Shell, prompt: Text, unseen = false): Promise<string> {
  const output = new Writable({
    write: (chunk, _encoding, done) => (unseen ? done() : void process.stderr.write(chunk, () => done())),
  });
  process.stderr.write(`${shell.say(prompt)}: `);
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    if (unseen) process.stderr.write('\n');
  }
}

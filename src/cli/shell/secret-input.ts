import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { type Text, text } from '../../language/text.ts';
import { usageFailure } from './failure.ts';
import type { Shell } from './shell.ts';

const SECRET_BYTES_MAX = 4_096;

/**
 * A secret from standard input, for scripts, or typed unseen. Never from an argument: those are seen by everyone on
 * the machine.
 * @throws CommandFailure when there is nobody to ask, or what came is empty or too long
 */
export async function readSecret(
  shell: Shell,
  fromStdin: boolean,
  flag: string,
  prompt: Text,
): Promise<string> {
  if (fromStdin) return readStdin();
  if (process.stdin.isTTY) return ask(shell, prompt, true);
  throw usageFailure(
    text('no password: nobody to ask here', 'falta la contraseña: aquí no hay a quién pedirla'),
    text(`Give it on standard input with ${flag}`, `Dala por la entrada estándar con ${flag}`),
  );
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > SECRET_BYTES_MAX)
      throw usageFailure(
        text(
          'standard input is too long for a password',
          'la entrada estándar es demasiado larga para una contraseña',
        ),
      );
    chunks.push(chunk);
  }
  const secret = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (secret === '')
    throw usageFailure(
      text('the password on standard input is empty', 'la contraseña de la entrada estándar está vacía'),
    );
  return secret;
}

/** Asks a person at the terminal. */
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

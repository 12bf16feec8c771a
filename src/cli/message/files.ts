import { open, readFile, stat } from 'node:fs/promises';
import {
  type Correspondent,
  type IdentityKeys,
  importIdentityKeys,
  readCorrespondent,
} from '../../client/messages/identity-keys.ts';
import { text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { usageFailure } from '../shell/failure.ts';
import { readStdin } from '../shell/stdin.ts';

const OTHERS = 0o077;
const SMALL_BYTES_MAX = 65_536;

/** A user's own keys, as `sello identity new` writes them. */
export interface OwnKeys {
  readonly user: string;
  readonly keys: IdentityKeys;
}

/** Reads a file, or standard input where it is `-`. @throws CommandFailure */
export async function readInput(file: string, bytesMax: number): Promise<Buffer> {
  const bytes =
    file === '-'
      ? await readStdin(bytesMax)
      : await readFile(file).catch((error: Error) => {
          throw usageFailure(
            text(`${file} cannot be read: ${error.message}`, `${file} no se puede leer: ${error.message}`),
          );
        });
  if (bytes.length <= bytesMax) return bytes;
  throw usageFailure(text(`${file} is longer than ${bytesMax} bytes`, `${file} supera ${bytesMax} bytes`));
}

/** Writes a new file for its owner alone, or standard output where it is `-`. @throws CommandFailure where it is there already */
export async function writeOutput(file: string, content: string | Uint8Array): Promise<void> {
  if (file === '-') {
    await new Promise<void>((resolve) => process.stdout.write(content, () => resolve()));
    return;
  }
  try {
    const made = await open(file, 'wx', 0o600);
    try {
      await made.writeFile(content);
    } finally {
      await made.close();
    }
  } catch (error) {
    const { message } = error as Error;
    throw usageFailure(text(`${file} was not written: ${message}`, `${file} no se ha escrito: ${message}`));
  }
}

/** Reads one's own keys. @throws CommandFailure where others may read the file, or it holds no keys */
export async function readOwnKeys(file: string): Promise<OwnKeys> {
  const bytes = await readInput(file, SMALL_BYTES_MAX);
  const { mode } = await stat(file);
  if ((mode & OTHERS) !== 0) {
    throw usageFailure(
      text(
        `${file} holds private keys and others may open it`,
        `${file} tiene claves privadas y otros pueden abrirlo`,
      ),
      text(
        `Run: chmod 600 ${file}; if others had it, make new keys.`,
        `Ejecute: chmod 600 ${file}; si otros lo tuvieron, genere claves nuevas.`,
      ),
    );
  }
  try {
    const { user, sign, seal } = JSON.parse(bytes.toString('utf8'));
    if (typeof user === 'string') return { user, keys: await importIdentityKeys(sign, seal) };
  } catch {
    // Reported below.
  }
  throw usageFailure(
    text(`${file} holds no keys of sello identity new`, `${file} no tiene claves de sello identity new`),
  );
}

/** Reads somebody's public keys: the answer of the directory, or of `sello identity public`. @throws CommandFailure */
export async function readPublicKeys(file: string): Promise<Correspondent> {
  const bytes = await readInput(file, SMALL_BYTES_MAX);
  try {
    const read = await readCorrespondent(JSON.parse(bytes.toString('utf8')));
    if (read) return read;
  } catch {
    // Reported below.
  }
  throw usageFailure(
    text(`${file} holds nobody's public keys`, `${file} no tiene las claves públicas de nadie`),
    text(
      'It is the answer of GET /v1/identities/NAME, or of sello identity public.',
      'Es la respuesta de GET /v1/identities/NOMBRE, o la de sello identity public.',
    ),
  );
}

/** Reads a message, signed or sealed. @throws CommandFailure */
export function readMessageFile(file: string): Promise<Buffer> {
  return readInput(file, LIMITS.messageBytesMax);
}

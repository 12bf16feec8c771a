import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { secretText } from '../../domain/encoding/secret-text.ts';
import { StartRefused } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Random } from '../../ports/random.ts';
import { createFile, removeLeftovers } from './atomic-file.ts';

const GENERATED_BYTES = 32;

export interface PassphraseSource {
  /** The passphrase itself, if the configuration contains it. */
  readonly given?: string | undefined;
  /** The passphrase file, if the configuration names one. */
  readonly file?: string | undefined;
  /** Otherwise: the file for a passphrase that is generated at the first start. */
  readonly generateInto: string;
  /** Whether to generate one: only while no vault exists, because a new passphrase opens none. Default true. */
  readonly mayGenerate?: boolean;
  readonly random: Random;
}

export interface Passphrase {
  readonly passphrase: string;
  /** `generated` only in the call that generated it; later starts read it from `generateInto` and say `file`. */
  readonly origin: 'given' | 'file' | 'generated';
}

/**
 * Returns the passphrase of the vault: from the configuration, a file, or generated. A file's text is taken as it is,
 * without its last line break; it is not normalised. Does NOT check that it opens a vault.
 * @throws StartRefused when it is empty or too long, or its file is missing, unreadable or open to other users
 */
export async function resolvePassphrase(source: PassphraseSource): Promise<Passphrase> {
  if (source.given !== undefined) {
    return { passphrase: checked(source.given, 'the configured passphrase'), origin: 'given' };
  }
  if (source.file !== undefined) {
    const text = await readPassphrase(source.file);
    if (text === undefined) {
      throw new StartRefused(
        `The passphrase file ${source.file} does not exist. Create it with mode 0600, or name another.`,
      );
    }
    return { passphrase: text, origin: 'file' };
  }
  return (
    (await existing(source.generateInto)) ??
    (await generated(source)) ??
    // Another process created the file first: its passphrase counts.
    (await existing(source.generateInto)) ??
    refuse(`The passphrase file ${source.generateInto} appeared and vanished. Try again.`)
  );
}

async function existing(path: string): Promise<Passphrase | undefined> {
  const passphrase = await readPassphrase(path, isMadePrivate);
  return passphrase === undefined ? undefined : { passphrase, origin: 'file' };
}

async function generated(source: PassphraseSource): Promise<Passphrase | undefined> {
  const { generateInto, mayGenerate = true, random } = source;
  if (!mayGenerate) {
    refuse(
      `The passphrase file ${generateInto} is missing, and the key vault opens with no other passphrase. ` +
        'Put the file back with mode 0600, or give the passphrase in the configuration.',
    );
  }
  await removeLeftovers(generateInto).catch(() => undefined);
  const passphrase = Buffer.from(random.bytes(GENERATED_BYTES)).toString('base64url');
  try {
    await createFile(generateInto, Buffer.from(`${passphrase}\n`));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    return refuse(
      `The passphrase file ${generateInto} cannot be written (${codeOf(error)}). Make its folder writable.`,
    );
  }
  return { passphrase, origin: 'generated' };
}

/**
 * Reads a passphrase file.
 * @param mend - may close a file that is open to others; without it such a file is refused
 * @returns `undefined` when the file does not exist
 */
async function readPassphrase(
  path: string,
  mend: (file: FileHandle, status: Stats) => Promise<boolean> = async () => false,
): Promise<string | undefined> {
  let file: FileHandle;
  try {
    // O_NONBLOCK: opening a pipe without a writer would block for ever; this way it is refused below.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    return refuse(
      `The passphrase file ${path} cannot be read (${codeOf(error)}). Give this user the right to read it.`,
    );
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) refuse(`The passphrase file ${path} is not a regular file.`);
    if (process.platform !== 'win32' && (status.mode & 0o077) !== 0 && !(await mend(file, status))) {
      const mode = (status.mode & 0o777).toString(8).padStart(4, '0');
      refuse(`The passphrase file ${path} is open to other users (mode ${mode}). Run: chmod 600 '${path}'`);
    }
    if (status.size > LIMITS.passphraseBytesMax + 2) refuse(tooLong(`the passphrase file ${path}`));
    const secret = secretText(await file.readFile());
    if ('problem' in secret) refuse(`The passphrase file ${path} ${secret.problem}.`);
    return checked(secret.text, `the passphrase file ${path}`);
  } finally {
    await file.close();
  }
}

/**
 * Takes a file of this process back from its group. Kubernetes gives the files of a volume with `fsGroup` to that group
 * at each mount, so a passphrase made at the first start stopped the second one.
 * @returns `false` for a file that is open to everyone, or is another user's
 */
async function isMadePrivate(file: FileHandle, { mode, uid }: Stats): Promise<boolean> {
  if ((mode & 0o007) !== 0 || uid !== process.getuid?.()) return false;
  return file.chmod(0o600).then(
    () => true,
    () => false,
  );
}

function checked(passphrase: string, where: string): string {
  if (passphrase === '') refuse(`There is no passphrase in ${where}: it is empty.`);
  if (Buffer.byteLength(passphrase) > LIMITS.passphraseBytesMax) refuse(tooLong(where));
  return passphrase;
}

function tooLong(where: string): string {
  return `The passphrase in ${where} is longer than ${LIMITS.passphraseBytesMax} bytes.`;
}

function refuse(message: string): never {
  throw new StartRefused(message);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

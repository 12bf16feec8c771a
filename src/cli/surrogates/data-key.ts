import { readFileSync } from 'node:fs';
import type { DataKey } from '../../domain/surrogates/data-key.ts';
import { VERSION_MAX } from '../../domain/surrogates/data-key.ts';
import { isSurrogateName } from '../../domain/surrogates/names.ts';
import { text } from '../../language/text.ts';
import { operate } from '../../operator/client.ts';
import { granted, usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { wholeNumber } from '../shell/whole-number.ts';

export interface DataKeyOptions {
  readonly dataset: string;
  readonly datasetVersion?: string;
  readonly keyFile?: string;
}

/** The data key that a command's options name: the server's, or the data folder's while none runs. @throws CommandFailure, RefusedByServer */
export async function dataKeyOf(
  shell: Shell,
  { dataset, datasetVersion, keyFile }: DataKeyOptions,
): Promise<DataKey> {
  if (!isSurrogateName(dataset))
    throw usageFailure(
      text(
        `--dataset: ${dataset} cannot name a dataset: 1 to 64 of A–Z a–z 0–9 . _ -`,
        `--dataset: ${dataset} no puede ser el nombre de un conjunto: de 1 a 64 de A–Z a–z 0–9 . _ -`,
      ),
    );
  const version =
    datasetVersion === undefined
      ? undefined
      : wholeNumber(datasetVersion, '--dataset-version', 1, VERSION_MAX);
  if (keyFile !== undefined) return { dataset, version: version ?? 1, seed: keyOfFile(keyFile) };
  const given = { name: dataset, ...(version === undefined ? {} : { version }) };
  const found = granted(await operate(shell.config(), 'dataset.key', given));
  return { dataset, version: found.version, seed: Buffer.from(found.key, 'base64') };
}

function keyOfFile(path: string): Uint8Array {
  const seed = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  if (seed.length === 32) return seed;
  throw usageFailure(
    text(
      '--key-file: the file does not hold 32 bytes as 64 hexadecimal digits',
      '--key-file: el fichero no contiene 32 bytes en 64 cifras hexadecimales',
    ),
  );
}

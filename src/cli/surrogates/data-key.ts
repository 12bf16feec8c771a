import { readFileSync } from 'node:fs';
import type { DataKey } from '../../domain/surrogates/data-key.ts';
import { VERSION_MAX } from '../../domain/surrogates/data-key.ts';
import { isSurrogateName } from '../../domain/surrogates/names.ts';
import { text } from '../../language/text.ts';
import { usageFailure } from '../shell/failure.ts';
import { wholeNumber } from '../shell/whole-number.ts';

export interface DataKeyOptions {
  readonly dataset: string;
  readonly datasetVersion?: string;
  readonly keyFile?: string;
}

/** The data key that a command's options name. @throws CommandFailure */
export async function dataKeyOf({ dataset, datasetVersion, keyFile }: DataKeyOptions): Promise<DataKey> {
  if (!isSurrogateName(dataset))
    throw usageFailure(
      text(
        `--dataset: ${dataset} cannot name a dataset: 1 to 64 of A–Z a–z 0–9 . _ -`,
        `--dataset: ${dataset} no puede ser el nombre de un conjunto: de 1 a 64 de A–Z a–z 0–9 . _ -`,
      ),
    );
  const number =
    datasetVersion === undefined ? 1 : wholeNumber(datasetVersion, '--dataset-version', 1, VERSION_MAX);
  if (keyFile === undefined) throw usageFailure(text('--key-file is missing', 'falta --key-file'));
  const seed = Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'hex');
  if (seed.length !== 32)
    throw usageFailure(
      text(
        '--key-file: the file does not hold 32 bytes as 64 hexadecimal digits',
        '--key-file: el fichero no contiene 32 bytes en 64 cifras hexadecimales',
      ),
    );
  return { dataset, version: number, seed };
}

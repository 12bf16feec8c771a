import type { Transform } from 'node:stream';
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import type { FileFormat } from './formats.ts';

/** The levels are fixed, so that equal input makes equal bytes on every machine with the same Node. */
export function compressor(compression: FileFormat['compression']): Transform | undefined {
  if (compression === 'gzip') return createGzip({ level: 6 });
  if (compression === 'zstd')
    return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  return undefined;
}

/** Its stream ends with an error where the file is cut short. */
export function decompressor(compression: FileFormat['compression']): Transform | undefined {
  if (compression === 'gzip') return createGunzip();
  return compression === 'zstd' ? createZstdDecompress() : undefined;
}

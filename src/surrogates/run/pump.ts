import type { RecordError } from '../scan/record-error.ts';

/** Takes the bytes of a file piece by piece and transforms its records. */
export interface Pump {
  /** Where the next bytes go. Never empty. */
  space(): Uint8Array;
  /** Takes as many bytes of it as were filled. */
  filled(bytes: number): void;
  /** Takes the end of the file. */
  end(): void;
}

export interface PumpEvents {
  /** The bytes are valid until this returns. */
  readonly onOutput: (bytes: Uint8Array) => void;
  /** A record that is left out, by the offset of its first byte. @throws to stop */
  readonly onError: (error: RecordError, offset: number) => void;
  /** `dropped`: no rule keeps anything of the record. */
  readonly onRecord: (dropped: boolean) => void;
}

/** A file that cannot be read to its end as what it should be: nothing of it is used. */
export class FileFailed extends Error {
  override name = 'FileFailed';
  readonly code: string;
  readonly offset: number;

  constructor(code: string, offset = 0) {
    super(code);
    this.code = code;
    this.offset = offset;
  }
}

export const WINDOW_BYTES = 262_144;
/** Surrogates are longer than most identifiers. */
export const OUTPUT_BYTES = 2 * WINDOW_BYTES;

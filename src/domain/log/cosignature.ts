const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** A witness's signature of a checkpoint at a time (https://c2sp.org/tlog-cosignature, Ed25519). */
export interface Cosignature {
  /** Seconds since 1970. */
  readonly timeS: number;
  readonly signature: Uint8Array;
}

/** Returns the message that a witness signs for a checkpoint's text. */
export function cosignedMessage(text: string, timeS: number): string {
  return `cosignature/v1\ntime ${timeS}\n${text}`;
}

export function encodeCosignature({ timeS, signature }: Cosignature): Uint8Array {
  const bytes = new Uint8Array(TIME_BYTES + signature.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timeS));
  bytes.set(signature, TIME_BYTES);
  return bytes;
}

/** Takes a note signature of type cosignature apart. @returns undefined for another length, or a time that no clock shows */
export function parseCosignature(bytes: Uint8Array): Cosignature | undefined {
  if (bytes.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const timeS = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  return Number.isSafeInteger(timeS) ? { timeS, signature: bytes.slice(TIME_BYTES) } : undefined;
}

import { randomBytes } from 'node:crypto';

const ID_BYTES = 16;
const TIME_BYTES = 6;
/** 2024-01-01: an id of before was random, and looks like a time since then once in some ten thousand. */
const TIME_MIN = 1_704_067_200_000;

/** Makes the CKA_ID of the objects of a key version: the time, then random bytes. A slot keeps no other time. */
export function makeObjectId(at: number): Buffer {
  const id = randomBytes(ID_BYTES);
  id.writeUIntBE(at, 0, TIME_BYTES);
  return id;
}

/** Reads the time from a CKA_ID in hex, ms since 1970. @returns 0 where it holds none */
export function timeOfId(id: string): number {
  const at = Number.parseInt(id.slice(0, TIME_BYTES * 2), 16);
  return id.length === ID_BYTES * 2 && at >= TIME_MIN && at <= Date.now() + 86_400_000 ? at : 0;
}

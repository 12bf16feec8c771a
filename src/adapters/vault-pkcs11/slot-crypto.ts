import { CKM } from './constants.ts';
import type { Handle } from './cryptoki.ts';
import type { OpenSlot } from './open-slot.ts';
import type { Sessions } from './slot-connection.ts';

const HMAC_256 = { mechanism: CKM.sha256Hmac };

const digest = Buffer.alloc(64);

/** Computes an HMAC under a key in the HSM. @returns a view that the next call overwrites */
export function hmacInHsm(
  { library, operationSession, reportProgress }: Sessions,
  mechanism: { readonly mechanism: number },
  key: Handle,
  message: Buffer,
): Buffer {
  library.C_SignInit(operationSession, mechanism, key);
  // An empty buffer is passed as a null pointer, which libraries refuse.
  const mac =
    message.length === 0
      ? library.C_SignFinal(operationSession, digest)
      : library.C_Sign(operationSession, message, digest);
  reportProgress();
  return mac;
}

/** Computes HMAC-SHA256 under a key in the HSM. The caller overwrites the result after use. */
export function hmac256({ sessions }: OpenSlot, key: Handle, message: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(hmacInHsm(sessions, HMAC_256, key, message));
}

/** Returns random bytes from the HSM's generator (C_GenerateRandom). */
export function randomFromHsm({ sessions: { library, operationSession } }: OpenSlot, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  library.C_GenerateRandom(operationSession, bytes);
  return bytes;
}

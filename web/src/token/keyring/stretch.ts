import { argon2id } from '@noble/hashes/argon2.js';

/** Cost of Argon2id (RFC 9106) with one lane. */
export interface StretchCost {
  readonly memoryKiB: number;
  readonly passes: number;
}

/** Above OWASP's minimum (46 MiB, one pass), below two seconds on a phone a few years old. */
export const STRETCH_COST: StretchCost = { memoryKiB: 65_536, passes: 2 };

export interface StretchRequest {
  readonly pin: string;
  readonly salt: Uint8Array;
  readonly cost: StretchCost;
}

/**
 * Derives 32 bytes from a PIN, slowly and with much memory on purpose. Blocks: pages call it in a worker
 * (`workerStretcher`).
 */
export function stretch({ pin, salt, cost }: StretchRequest): Uint8Array<ArrayBuffer> {
  const secret = argon2id(new TextEncoder().encode(pin), salt, {
    m: cost.memoryKiB,
    t: cost.passes,
    p: 1,
    dkLen: 32,
  });
  return new Uint8Array(secret);
}

/** Stretches a PIN without blocking the page. */
export type Stretcher = (request: StretchRequest) => Promise<Uint8Array<ArrayBuffer>>;

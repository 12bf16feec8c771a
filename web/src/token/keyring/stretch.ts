import { argon2id } from '@noble/hashes/argon2.js';

/** Argon2id (RFC 9106), one lane. */
export interface StretchCost {
  readonly memoryKiB: number;
  readonly passes: number;
}

/** More than OWASP's least (46 MiB, one pass), in under two seconds on a phone of some years ago. */
export const STRETCH_COST: StretchCost = { memoryKiB: 65_536, passes: 2 };

export interface StretchRequest {
  readonly pin: string;
  readonly salt: Uint8Array;
  readonly cost: StretchCost;
}

/** 32 bytes from a PIN, made slow and large on purpose. It blocks: a page calls it in a worker (`pinStretcher`). */
export function stretch({ pin, salt, cost }: StretchRequest): Uint8Array<ArrayBuffer> {
  const secret = argon2id(new TextEncoder().encode(pin), salt, {
    m: cost.memoryKiB,
    t: cost.passes,
    p: 1,
    dkLen: 32,
  });
  return new Uint8Array(secret);
}

/** How a page has a PIN stretched without standing still. */
export type Stretcher = (request: StretchRequest) => Promise<Uint8Array<ArrayBuffer>>;

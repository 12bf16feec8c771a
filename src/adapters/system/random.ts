import { randomBytes } from 'node:crypto';
import type { Random } from '../../ports/random.ts';

/** OpenSSL's generator, seeded by the operating system. */
export const systemRandom: Random = { bytes: (length) => randomBytes(length) };

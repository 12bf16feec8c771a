import { createHmac } from 'node:crypto';
import type { Hmac } from '../domain/otp/hmac.ts';

/** The HMAC that a token computes with its own seed, as a phone does. */
export const tokenHmac: Hmac = (algorithm, key, message) =>
  createHmac(algorithm, key).update(message).digest();

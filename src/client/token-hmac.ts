import { createHmac } from 'node:crypto';
import type { Hmac } from '../domain/otp/hmac.ts';

/** The HMAC with which a token, such as a phone, computes codes from its own seed. */
export const tokenHmac: Hmac = (algorithm, key, message) =>
  createHmac(algorithm, key).update(message).digest();

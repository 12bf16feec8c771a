import { createHmac } from 'node:crypto';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Hmac } from '../../../src/domain/otp/hmac.ts';

export const nodeHmac: Hmac = (algorithm, key, message) =>
  new Uint8Array(createHmac(algorithm, key).update(message).digest());

const HASHES = { sha1, sha256, sha512 };

/** As a token in a browser computes it. */
export const browserHmac: Hmac = (algorithm, key, message) => nobleHmac(HASHES[algorithm], key, message);

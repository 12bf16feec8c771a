import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Hmac } from '../../../../src/domain/otp/hmac.ts';

const HASHES = { sha1, sha256, sha512 };

/** HMAC for the server's OTP module on the device, verified by `knownAnswers`. */
export const deviceHmac: Hmac = (algorithm, key, message) => hmac(HASHES[algorithm], key, message);

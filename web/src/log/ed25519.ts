import { sha512 } from '@noble/hashes/sha2.js';

/** RFC 8032 section 5.1. */
const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * power(121666n, P - 2n));
const SQRT_MINUS_1 = power(2n, (P - 1n) / 4n);
const BASE_Y = mod(4n * power(5n, P - 2n));

/** Extended coordinates: x = X/Z, y = Y/Z, x·y = T/Z. */
type Point = readonly [X: bigint, Y: bigint, Z: bigint, T: bigint];
const NEUTRAL: Point = [0n, 1n, 1n, 0n];

/**
 * Verifies an Ed25519 signature (RFC 8032 section 5.1.7), for browsers whose WebCrypto has none. It takes some 10 ms, and its
 * time depends on what it is given, which is public.
 */
export function verifySlowly(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = pointFrom(publicKey);
  const commitment = pointFrom(signature.subarray(0, 32));
  const s = numberFrom(signature.subarray(32));
  if (!key || !commitment || s >= ORDER) return false;
  const hashed = sha512(Uint8Array.of(...signature.subarray(0, 32), ...publicKey, ...message));
  const left = times(s, BASE);
  const right = add(commitment, times(numberFrom(hashed) % ORDER, key));
  return (
    mod(left[0] * right[2] - right[0] * left[2]) === 0n && mod(left[1] * right[2] - right[1] * left[2]) === 0n
  );
}

/** Decodes a point (section 5.1.3). @returns undefined for bytes that are none */
function pointFrom(bytes: Uint8Array): Point | undefined {
  if (bytes.length !== 32) return undefined;
  const encoded = numberFrom(bytes);
  const sign = encoded >> 255n;
  const y = encoded & (2n ** 255n - 1n);
  const x = y < P ? recoverX(y, sign) : undefined;
  return x === undefined ? undefined : [x, y, 1n, mod(x * y)];
}

function recoverX(y: bigint, sign: bigint): bigint | undefined {
  const square = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n));
  if (square === 0n) return sign === 1n ? undefined : 0n;
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x - square) !== 0n) x = mod(x * SQRT_MINUS_1);
  if (mod(x * x - square) !== 0n) return undefined;
  return (x & 1n) === sign ? x : P - x;
}

const BASE_X = recoverX(BASE_Y, 0n) ?? 0n;
const BASE: Point = [BASE_X, BASE_Y, 1n, mod(BASE_X * BASE_Y)];

/** Section 5.1.4. */
function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(factor: bigint, point: Point): Point {
  let sum = NEUTRAL;
  let doubled = point;
  for (let left = factor; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) sum = add(sum, doubled);
    doubled = add(doubled, doubled);
  }
  return sum;
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = mod(base);
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}

/** Little-endian. */
function numberFrom(bytes: Uint8Array): bigint {
  let number = 0n;
  for (let index = bytes.length - 1; index >= 0; index--) number = (number << 8n) | BigInt(bytes[index] ?? 0);
  return number;
}

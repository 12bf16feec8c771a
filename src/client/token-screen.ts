import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { usageFailure } from '../cli/shell/failure.ts';
import { decodeBase32 } from '../domain/encoding/base32.ts';
import type { Hmac } from '../domain/otp/hmac.ts';
import type { Transfer } from '../domain/transaction/canonical-transaction.ts';
import { text } from '../language/text.ts';

const HASHES = { sha1, sha256, sha512 };

/** The token's own HMAC: what a phone computes with its seed. */
export const tokenHmac: Hmac = (algorithm, key, message) => hmac(HASHES[algorithm], key, message);

/** @throws CommandFailure */
export function readSeed(base32: string): Uint8Array {
  const seed = decodeBase32(base32);
  if (seed && seed.length > 0) return seed;
  throw usageFailure(
    text('the secret is not base32', 'el secreto no es base32'),
    text(
      'It has the letters A to Z and the digits 2 to 7.',
      'Tiene las letras de la A a la Z y los dígitos del 2 al 7.',
    ),
  );
}

/** `123456` → `123 456` */
export function grouped(code: string): string {
  return /^\d{6}$|^\d{8}$/.test(code)
    ? `${code.slice(0, code.length / 2)} ${code.slice(code.length / 2)}`
    : code;
}

/** What the person must look at before the code is worth anything: to whom, and how much. */
export function transferScreen(
  transfer: Transfer,
  labels: { readonly payee: string; readonly amount: string; readonly payer: string },
): string[] {
  const amount = `${transfer.amount} ${transfer.currency}`;
  const lines = [`${labels.payee}  ${transfer.payee}`, `${labels.amount}  ${amount}`];
  const width = Math.max(...lines.map((line) => line.length), 30);
  const bar = '━'.repeat(width + 4);
  return [
    `┏${bar}┓`,
    ...lines.map((line) => `┃  ${line.padEnd(width)}  ┃`),
    `┗${bar}┛`,
    `   ${labels.payer}  ${transfer.payer}`,
  ];
}

/** `█████░░░ 37 s` */
export function countdown(leftMs: number, periodMs: number, cells = 20): string {
  const full = Math.ceil((leftMs / periodMs) * cells);
  return `${'█'.repeat(full)}${'░'.repeat(cells - full)} ${Math.ceil(leftMs / 1000)} s`;
}

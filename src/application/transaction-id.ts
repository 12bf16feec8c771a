import type { RandomPool } from './random-pool.ts';

/** A UUID of version 7 (RFC 9562, section 5.7): its time is that of the decision, so ids are found by time. */
export function makeTransactionId(at: number, random: RandomPool): string {
  const bytes = Buffer.from(random.take(10));
  bytes[0] = 0x70 | ((bytes[0] ?? 0) & 0x0f);
  bytes[2] = 0x80 | ((bytes[2] ?? 0) & 0x3f);
  const time = at.toString(16).padStart(12, '0');
  const hex = bytes.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-${hex.slice(0, 4)}-${hex.slice(4, 8)}-${hex.slice(8)}`;
}

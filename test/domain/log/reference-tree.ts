// RFC 9162 section 2.1, as its recursive definitions say it: slow and obvious.
import { hash } from 'node:crypto';

const sha256 = (...parts: readonly Uint8Array[]) => hash('sha256', Buffer.concat(parts), 'buffer');

/** MTH of section 2.1.1. */
export function referenceRoot(entries: readonly Uint8Array[]): Buffer {
  if (entries.length === 0) return sha256();
  if (entries.length === 1) return sha256(Buffer.of(0), entries[0] as Uint8Array);
  const k = split(entries.length);
  return sha256(Buffer.of(1), referenceRoot(entries.slice(0, k)), referenceRoot(entries.slice(k)));
}

/** PATH of section 2.1.3.1. */
export function referencePath(index: number, entries: readonly Uint8Array[]): Buffer[] {
  if (entries.length <= 1) return [];
  const k = split(entries.length);
  return index < k
    ? [...referencePath(index, entries.slice(0, k)), referenceRoot(entries.slice(k))]
    : [...referencePath(index - k, entries.slice(k)), referenceRoot(entries.slice(0, k))];
}

/** PROOF of section 2.1.4.1. */
export function referenceConsistency(older: number, entries: readonly Uint8Array[]): Buffer[] {
  return subproof(older, entries, true);
}

function subproof(older: number, entries: readonly Uint8Array[], complete: boolean): Buffer[] {
  const size = entries.length;
  if (older === size) return complete ? [] : [referenceRoot(entries)];
  const k = split(size);
  return older <= k
    ? [...subproof(older, entries.slice(0, k), complete), referenceRoot(entries.slice(k))]
    : [...subproof(older - k, entries.slice(k), false), referenceRoot(entries.slice(0, k))];
}

function split(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

import type { Correspondent } from './identity-keys.ts';

const GROUPS = 12;
const BYTES_PER_GROUP = 5;

type Keys = Pick<Correspondent, 'user' | 'signKey' | 'sealKey'>;

/**
 * Returns the number that two people compare, by voice or side by side: 12 groups of 5 digits, the same for both. Of
 * SHA-512 over both names and all four thumbprints, so it changes with any key. A server that swaps a key cannot keep it:
 * it would have to find keys whose 199 bits fit.
 */
export async function safetyNumber(one: Keys, other: Keys): Promise<string> {
  const people = [one, other].map(({ user, signKey, sealKey }) =>
    JSON.stringify({ seal: sealKey, sign: signKey, user }),
  );
  const text = `sello/safety-number/1[${people.sort().join(',')}]`;
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-512', new TextEncoder().encode(text)));
  const groups = Array.from({ length: GROUPS }, (_, group) => {
    const from = group * BYTES_PER_GROUP;
    const value = bytes.subarray(from, from + BYTES_PER_GROUP).reduce((sum, byte) => sum * 256 + byte, 0);
    return `${value % 100_000}`.padStart(5, '0');
  });
  return groups.join(' ');
}

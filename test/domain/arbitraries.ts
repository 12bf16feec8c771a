import fc from 'fast-check';

/** Any sequence of UTF-16 units, halves of surrogate pairs and controls among them. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: fc.constantFrom(...'0123456789.,eE+- \t\n٣ABC€') }),
);

/** A decimal of up to 15 digits and so many decimals, without leading zeros. */
export function decimal(decimalsMax: number): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }),
      fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: decimalsMax }),
    )
    .map(([whole, fraction]) => (fraction === '' ? `${whole}` : `${whole}.${fraction}`));
}

/** A decimal as a whole number of 10^-12. */
export function scaled(amount: string): bigint {
  const [whole = '', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(12, '0'));
}

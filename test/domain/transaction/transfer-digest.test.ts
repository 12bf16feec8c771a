import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { transferDigest } from '../../../src/domain/transaction/transfer-digest.ts';
import { canonicalJson } from '../encoding/rfc8785.ts';

const transfer = fc.record({
  amount: fc.constantFrom('100.00', '1', '0.001'),
  currency: fc.constantFrom('EUR', 'JPY'),
  payee: fc.string({ unit: 'binary' }),
  payer: fc.string({ unit: 'binary' }),
});

test('the digest is the SHA-256 of the RFC 8785 JSON of the transfer and its version', () => {
  fc.assert(
    fc.property(transfer, (t) => {
      const expected = createHash('sha256')
        .update(canonicalJson({ ...t, v: 1 }))
        .digest('hex');
      assert.equal(transferDigest(t), expected);
    }),
  );
});

/**
 * Verifies a receipt without the server and without any library: a JWS (RFC 7515) signed by ES256.
 *
 *     curl -s http://127.0.0.1:8080/.well-known/jwks.json > jwks.json
 *     node examples/verify-receipt.mjs receipt.json jwks.json
 */
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [receiptFile = 'receipt.json', keysFile = 'jwks.json'] = process.argv.slice(2);

/** @returns its claims @throws Error where the receipt does not hold */
function verifiedClaims(jws, { keys }) {
  const [header, claims, signature] = jws.split('.');
  const { alg, kid, typ } = JSON.parse(Buffer.from(header, 'base64url'));
  // The receipt does not choose how it is verified: no other algorithm, no key of its own.
  if (alg !== 'ES256' || typ !== 'sello-receipt+jws') throw new Error('it is no receipt of Sello');
  const jwk = keys.find((key) => key.kid === kid);
  if (!jwk) throw new Error(`no key ${kid}: get the key set again`);
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const holds = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!holds) throw new Error('the signature does not fit');
  return JSON.parse(Buffer.from(claims, 'base64url'));
}

try {
  const { receipt } = JSON.parse(readFileSync(receiptFile, 'utf8'));
  const { jti, sub, iat, transaction } = verifiedClaims(receipt, JSON.parse(readFileSync(keysFile, 'utf8')));
  const { payer, payee, amount, currency } = transaction;
  // Compare these with your order: a receipt that holds may be the one of another transaction.
  console.log(`${sub} approved ${jti} at ${new Date(iat * 1000).toISOString()}`);
  console.log(`${payer} -> ${payee}, ${amount} ${currency}`);
} catch (error) {
  console.error(`the receipt does not hold: ${error.message}`);
  process.exitCode = 1;
}

// Requests signed by RFC 9421's text, apart from the server's own code.
import assert from 'node:assert/strict';
import {
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import type { Json } from './http-fixture.ts';

export const PATH = '/v1/codes/validation';
export const BODY = JSON.stringify({ username: 'alice', code: '123456' });
export const digestOf = (body: string) => `sha-256=:${hash('sha256', body, 'base64')}:`;

export interface Signer {
  readonly privateKey: KeyObject;
  readonly keyId: string;
  readonly jwk: object;
}

export function signer(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const jwk = { crv, kty, x, y };
  return { privateKey, jwk, keyId: Buffer.from(JSON.stringify(jwk)).toString('base64url') };
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly body?: string;
  readonly created?: number;
  readonly nonce?: string;
  readonly alg?: string;
  readonly covered?: readonly string[];
  readonly fields?: Readonly<Record<string, string>>;
}

/** @param base origin of the server, as the client names it */
export function signed(
  base: string,
  { privateKey, keyId }: Signer,
  asked: Asked = {},
): Record<string, string> {
  const {
    method = 'POST',
    path = PATH,
    query = '?',
    body = BODY,
    nonce = randomUUID(),
    alg = 'ecdsa-p256-sha256',
  } = asked;
  const fields: Record<string, string> = { 'content-digest': digestOf(body), ...asked.fields };
  const covered = asked.covered ?? ['@method', '@authority', '@path', '@query', ...Object.keys(fields)];
  const values: Record<string, string> = {
    ...{ '@method': method, '@authority': new URL(base).host, '@path': path, '@query': query },
    ...fields,
  };
  const list = covered.map((name) => `"${name}"`).join(' ');
  const created = asked.created ?? Math.floor(Date.now() / 1000);
  const parameters = `(${list});created=${created};nonce="${nonce}";keyid="${keyId}";alg="${alg}"`;
  const lines = [
    ...covered.map((name) => `"${name}": ${values[name]}`),
    `"@signature-params": ${parameters}`,
  ];
  const value = sign('sha256', Buffer.from(lines.join('\n')), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return {
    ...fields,
    'signature-input': `sig=${parameters}`,
    signature: `sig=:${value.toString('base64')}:`,
  };
}

/** An answer as it arrived. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Checks that an answer is signed for that request, by a key of the server. @param keys its JWKS */
export function assertAnswerSigned(answer: Answered, requestSignature: string, keys: readonly Json[]): void {
  const { status, text, headers } = answer;
  assert.equal(headers.get('content-digest'), digestOf(text));
  const [, parameters = ''] = /^sig=(.*)$/.exec(headers.get('signature-input') ?? '') ?? [];
  assert.match(
    parameters,
    /^\("@status" "content-digest" "signature";req\);created=\d+;keyid="[^"]+";alg="ecdsa-p256-sha256"$/,
  );
  const base = [
    `"@status": ${status}`,
    `"content-digest": ${digestOf(text)}`,
    `"signature";req: ${requestSignature}`,
    `"@signature-params": ${parameters}`,
  ].join('\n');
  const kid = /keyid="([^"]+)"/.exec(parameters)?.[1];
  const jwk = keys.find((each: Json) => each.kid === kid);
  const value = Buffer.from(headers.get('signature')?.slice(5, -1) ?? '', 'base64');
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  assert.ok(verify('sha256', Buffer.from(base), { key: publicKey, dsaEncoding: 'ieee-p1363' }, value));
}

/*
 * Goal: the relay takes messages of the one form described, and names what does not fit in any other.
 * Method: messages of the client library, changed; random bytes and random JSON.
 */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import fc from 'fast-check';
import {
  makeIdentityKeys,
  publicJwksOf,
  readCorrespondent,
} from '../../src/client/messages/identity-keys.ts';
import { sealMessage } from '../../src/client/messages/seal-message.ts';
import { isRefusal } from '../../src/domain/errors.ts';
import { LIMITS } from '../../src/limits.ts';
import { readMessage } from '../../src/wire/read-message.ts';

type Sealed = Record<string, unknown> & {
  recipients: { header: Record<string, unknown>; encrypted_key: string }[];
};

let text: string;
let kid: string;
const id = randomUUID();

before(async () => {
  const keys = await makeIdentityKeys();
  const shown = await readCorrespondent({ user: 'bob', ...(await publicJwksOf(keys)) });
  assert.ok(shown);
  kid = keys.sealKey;
  text = await sealMessage({
    ...{ user: 'alice', keys, recipients: [shown], content: Buffer.from('x'), contentType: 'text/plain' },
    ...{ now: Date.now(), lifetimeMs: 1_000, id },
  });
});

const sealed = () => JSON.parse(text) as Sealed;
const header = (members: object | string) =>
  Buffer.from(typeof members === 'string' ? members : JSON.stringify(members)).toString('base64url');

async function fault(value: object | string): Promise<string> {
  const read = await readMessage(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
  assert.ok(isRefusal(read), 'it was taken');
  return `${read.refused}: ${read.detail ?? ''}`;
}

test('a message is read as it is, whatever the order of its members and blanks between', async () => {
  const { protected: first, recipients, iv, ciphertext, tag } = sealed();
  const spellings = [
    text,
    JSON.stringify({ ciphertext, tag, recipients, iv, protected: first }),
    JSON.stringify(sealed(), undefined, 2),
    text.replace('"ciphertext":', '"ciphertext" \n:\t '),
  ];
  for (const each of spellings) {
    const read = await readMessage(Buffer.from(each));
    assert.deepEqual(read, {
      envelope: { jti: id, recipients: [kid] },
      digest: createHash('sha256').update(each).digest('hex'),
    });
  }
});

test('each other form is refused by name', async () => {
  const good = sealed();
  const [recipient] = good.recipients as [Sealed['recipients'][0]];
  const within = (members: object) => ({
    ...good,
    recipients: [{ ...recipient, header: { ...recipient.header, ...members } }],
  });
  const typ = 'sello-message+jwe';
  const cases: [object | string, RegExp][] = [
    [{ ...good, protected: header({ enc: 'A256GCM', jti: id, typ, zip: 'DEF' }) }, /zip is not expected/],
    [{ ...good, protected: header({ enc: 'A256GCM', jti: id, typ, crit: ['b64'] }) }, /crit is not expected/],
    [{ ...good, protected: header({ enc: 'A128GCM', jti: id, typ }) }, /enc must be A256GCM/],
    [{ ...good, protected: header({ enc: 'A256GCM', jti: id, typ: 'JWE' }) }, /typ must be/],
    [{ ...good, protected: header({ enc: 'A256GCM', jti: 'x', typ }) }, /jti must be a UUID/],
    [{ ...good, protected: header({ enc: 'A256GCM', jti: id.toUpperCase(), typ }) }, /jti must be a UUID/],
    [
      {
        ...good,
        protected: header(`{"enc":"A256GCM","jti":"${id}","jti":"${randomUUID()}","typ":"${typ}"}`),
      },
      /twice/,
    ],
    [{ ...good, protected: header('[]') }, /protected: JSON/],
    [{ ...good, protected: `${good.protected}=` }, /base64url/],
    [{ ...good, protected: 'e30' }, /enc is missing/],
    [within({ alg: 'none' }), /alg must be/],
    [within({ alg: 'PBES2-HS512+A256KW', p2c: 1_000_000_000, p2s: 'AAAA' }), /alg must be/],
    [within({ alg: 'dir' }), /alg must be/],
    [within({ crit: ['x'] }), /crit is not expected/],
    [within({ apu: 'AAAA' }), /apu is not expected/],
    [within({ kid: 'short' }), /thumbprint/],
    [
      within({ epk: { ...(recipient.header.epk as object), crv: 'P-384' } }),
      /epk: kty must be EC and crv P-256/,
    ],
    [within({ epk: { kty: 'OKP', crv: 'X25519', x: 'AAAA' } }), /epk/],
    [
      within({
        epk: { ...(recipient.header.epk as { x: string }), y: (recipient.header.epk as { x: string }).x },
      }),
      /not a point/,
    ],
    [{ ...good, recipients: [{ ...recipient, encrypted_key: 'AAAA' }] }, /encrypted_key/],
    [{ ...good, recipients: [recipient, recipient] }, /twice/],
    [{ ...good, recipients: [] }, /at least one/],
    [{ ...good, recipients: {} }, /at least one/],
    [{ ...good, aad: 'AAAA' }, /aad is not expected/],
    [{ ...good, unprotected: {} }, /unprotected is not expected/],
    [{ ...good, iv: 'AAAA' }, /iv: 12 bytes/],
    [{ ...good, tag: 'AAAA' }, /tag: 16 bytes/],
    [{ ...good, ciphertext: '' }, /ciphertext/],
    [{ ...good, ciphertext: 'ab+/' }, /ciphertext/],
    [{ ...good, ciphertext: 'abcde' }, /ciphertext/],
    [{ ...good, ciphertext: ['abcd'] }, /ciphertext/],
    [text.replace('"tag":', '"ciphertext":"AAAA","tag":'), /twice/],
    [text.replace('"iv":', '"tag":"AAAA","iv":'), /twice/],
    [text.replace('"ciphertext"', '"ciphert\\u0065xt"'), /ciphertext/],
    [`${text}x`, /json_invalid/],
    ['', /message_form_invalid/],
    ['[]', /message_form_invalid/],
  ];
  for (const [value, expected] of cases) assert.match(await fault(value), expected);
});

test('ten thousand recipients are too many, and it says how many may be', async () => {
  const good = sealed();
  const recipients = Array.from({ length: 10_000 }, (_, index) => ({
    ...good.recipients[0],
    header: { ...good.recipients[0]?.header, kid: `${index}`.padStart(43, 'A') },
  }));
  const detail = `recipients_too_many: 10000, at most ${LIMITS.messageRecipientsMax}`;
  assert.equal(await fault({ ...good, recipients }), detail);
});

test('no bytes and no JSON make it throw, and none is taken that the form does not allow', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      assert.ok(isRefusal(await readMessage(Buffer.from(bytes))));
    }),
    { numRuns: 300 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue(),
      fc.constantFrom('protected', 'recipients', 'iv', 'ciphertext', 'tag'),
      async (value, name) => {
        const changed = { ...sealed(), [name]: value };
        if (JSON.stringify(changed) === text) return;
        const read = await readMessage(Buffer.from(JSON.stringify(changed)));
        // Any text of base64url is a ciphertext to a relay.
        if (!isRefusal(read)) assert.match(`${name} ${value}`, /^(ciphertext|iv|tag) [A-Za-z0-9_-]+$/);
      },
    ),
    { numRuns: 300 },
  );
});

test('a cut at any place of a message is refused', async () => {
  for (let length = 0; length < text.length; length += 7) {
    assert.ok(isRefusal(await readMessage(Buffer.from(text.slice(0, length)))), `${length}`);
  }
});

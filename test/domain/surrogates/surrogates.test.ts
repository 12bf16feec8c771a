import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DataKey, domainKey } from '../../../src/domain/surrogates/data-key.ts';
import { surrogatesOf } from '../../../src/domain/surrogates/modes.ts';
import { packIdentifier, unpackIdentifier } from '../../../src/domain/surrogates/packed-identifier.ts';
import { parseSurrogate } from '../../../src/domain/surrogates/surrogate-text.ts';
import type { Made, SurrogateMode } from '../../../src/domain/surrogates/surrogates.ts';

const KEY: DataKey = { dataset: 'ward', version: 3, seed: Buffer.alloc(32, 7) };
const UUID = '0b8ddb12-7a8f-4a4e-9c5e-1f9d3c2b1a00';

function make(
  identifiers: string[],
  { key = KEY, domain = 'patient', mode = { mode: 'siv' } as SurrogateMode } = {},
) {
  return texts(surrogatesOf(key, domain, mode).make(identifiers));
}

function texts(made: Made): string[] {
  assert.ok('texts' in made);
  return made.texts;
}

const identifier = fc.oneof(
  fc.uuid(),
  fc.uuid().map((text) => text.toUpperCase()),
  fc.stringMatching(/^[A-Za-z0-9.-]{1,64}$/),
  fc.stringMatching(/^[ -~]{1,40}$/),
  fc.string({ minLength: 1, unit: 'grapheme' }),
);

test('an identifier has one packed form, and that form one identifier', () => {
  fc.assert(
    fc.property(identifier, identifier, (text, other) => {
      const packed = packIdentifier(text);
      assert.ok(packed);
      assert.equal(unpackIdentifier(packed), text);
      const packedOther = packIdentifier(other);
      assert.deepEqual(
        packed.form === packedOther?.form && Buffer.compare(packed.bytes, packedOther.bytes) === 0,
        text === other,
      );
    }),
  );
});

test('texts of one to fourteen equal or extreme characters are all told apart', () => {
  const seen = new Set<string>();
  for (const character of ['A', '.', '-', ' ', '~', '!'])
    for (let length = 1; length <= 14; length++)
      for (const first of ['', 'A', ' ', '~', '.']) {
        const text = first + character.repeat(length - (first ? 1 : 0));
        const packed = packIdentifier(text);
        assert.ok(packed);
        assert.equal(unpackIdentifier(packed), text);
        seen.add(`${packed.form} ${Buffer.from(packed.bytes).toString('hex')} ${text}`);
      }
  const packed = [...seen].map((line) => line.split(' ').slice(0, 2).join(' '));
  assert.equal(new Set(packed).size, packed.length);
});

test('bytes that no identifier packs to are not unpacked', () => {
  fc.assert(
    fc.property(fc.nat(7), fc.uint8Array({ maxLength: 40 }), (form, bytes) => {
      const text = unpackIdentifier({ form, bytes });
      if (text === undefined) return;
      assert.deepEqual(
        { form, bytes: [...bytes] },
        { form: packIdentifier(text)?.form, bytes: [...(packIdentifier(text)?.bytes ?? [])] },
      );
    }),
  );
});

test('siv: characters, length, and the way back', () => {
  fc.assert(
    fc.property(fc.array(identifier, { minLength: 1, maxLength: 20 }), (identifiers) => {
      const surrogates = make(identifiers);
      for (const [i, surrogate] of surrogates.entries()) {
        assert.match(surrogate, /^[A-Za-z][A-Za-z0-9.-]+$/);
        const text = identifiers[i] ?? '';
        if (/^[ -~]{1,36}$/.test(text))
          assert.ok(surrogate.length <= 64, `${surrogate.length} of ${text.length}`);
        assert.equal(parseSurrogate(surrogate)?.version, 3);
      }
      assert.deepEqual(texts(surrogatesOf(KEY, 'patient', { mode: 'siv' }).reverse(surrogates)), identifiers);
    }),
  );
  assert.equal(make([UUID])[0]?.length, 45);
  assert.equal(make(['~'.repeat(36)])[0]?.length, 64);
});

test('siv: published surrogates do not change', () => {
  assert.deepEqual(make([UUID, 'MRN-0042', 'urn:oid:1.2.3', 'Ñandú']), PUBLISHED);
});

test('siv: other domains, datasets and seeds make others', () => {
  const other = [
    make([UUID]),
    make([UUID], { domain: 'encounter' }),
    make([UUID], { key: { ...KEY, dataset: 'trial' } }),
    make([UUID], { key: { ...KEY, seed: Buffer.alloc(32, 8) } }),
    make([UUID], { key: { ...KEY, version: 4 } }),
  ].flat();
  assert.equal(new Set(other).size, other.length);
});

test('siv: a reversal that does not authenticate names the first, and returns none', () => {
  const [good = ''] = make([UUID]);
  const siv = surrogatesOf(KEY, 'patient', { mode: 'siv' });
  for (let i = 0; i < good.length; i++) {
    const changed = good.slice(0, i) + (good[i] === 'x' ? 'y' : 'x') + good.slice(i + 1);
    assert.deepEqual(siv.reverse([good, changed, good]), { invalid: 1 });
  }
  const others = [
    UUID,
    '',
    'A',
    'AD',
    good.slice(0, -1),
    `${good}A`,
    ` ${good}`,
    good.toLowerCase(),
    '\ud800',
  ];
  for (const text of [
    ...others,
    ...make([UUID], { domain: 'encounter' }),
    ...make([UUID], { mode: { mode: 'hmac' } }),
  ])
    assert.deepEqual(siv.reverse([text]), { invalid: 0 }, text);
});

test('an identifier that is empty or no well-formed Unicode is invalid', () => {
  for (const mode of [{ mode: 'siv' }, { mode: 'hmac' }] as const)
    for (const text of ['', '\ud800', 'a\udc00'])
      assert.deepEqual(surrogatesOf(KEY, 'patient', mode).make(['a', text]), { invalid: 1 });
});

test('hmac: HMAC-SHA256 under the domain’s key, and no way back', () => {
  const hmac = surrogatesOf(KEY, 'patient', { mode: 'hmac' });
  const [surrogate = ''] = texts(hmac.make([UUID]));
  const expected = createHmac('sha256', domainKey(KEY, 'patient', 'hmac-sha256', 32))
    .update(UUID)
    .digest();
  assert.deepEqual(Buffer.from(parseSurrogate(surrogate)?.body ?? []), expected);
  assert.equal(surrogate.length, 45);
  assert.deepEqual(hmac.reverse([surrogate]), { invalid: 0 });
});

test('ff1: length and alphabet are kept; short ones and other characters are invalid', () => {
  const ff1 = surrogatesOf(KEY, 'ssn', { mode: 'ff1' });
  const made = texts(ff1.make(['123456789', '000000']));
  assert.deepEqual(
    made.map((text) => /^\d+$/.test(text) && text.length),
    [9, 6],
  );
  assert.deepEqual(texts(ff1.reverse(made)), ['123456789', '000000']);
  for (const text of ['12345', '', '123-45-6789', '1'.repeat(257)])
    assert.deepEqual(ff1.make([text]), { invalid: 0 });
  const letters = surrogatesOf(KEY, 'ssn', { mode: 'ff1', alphabet: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' });
  assert.deepEqual(letters.make(['ABCD']), { invalid: 0 });
  assert.deepEqual(texts(letters.reverse(texts(letters.make(['ABCDE'])))), ['ABCDE']);
  for (const alphabet of ['', '0', '00', 'é1'])
    assert.throws(() => surrogatesOf(KEY, 'ssn', { mode: 'ff1', alphabet }), /alphabet/);
});

test('keys are derived by HKDF with the info v1|dataset|domain|algorithm', () => {
  const prk = createHmac('sha256', Buffer.alloc(32)).update(KEY.seed).digest();
  const okm = createHmac('sha256', prk).update('v1|ward|patient|hmac-sha256\u0001').digest();
  assert.deepEqual(Buffer.from(domainKey(KEY, 'patient', 'hmac-sha256', 32)), okm);
  for (const name of ['', 'a|b', '.a', 'a/b', 'a'.repeat(65)]) {
    assert.throws(() => domainKey(KEY, name, 'x', 32));
    assert.throws(() => domainKey({ ...KEY, dataset: name }, 'a', 'x', 32));
  }
  for (const version of [0, 512, 1.5]) assert.throws(() => domainKey({ ...KEY, version }, 'a', 'x', 32));
  assert.throws(() => domainKey({ ...KEY, seed: new Uint8Array(16) }, 'a', 'x', 32));
});

const PUBLISHED = [
  'ADpjeo-nxmQwOoYqEnDZjQXSZ4nOy-Ey4GyxxUJFMWBdk',
  'QDGyqP7Vwn0o1q8HQHWX.n2qRnTELj5Aw',
  'YDgcIZhPTDe-P9qIRmgCF1IWRCjsk.tZ3bKBLU',
  'gDNP8UbOvCHaul3uvqfWVbvu7wbB18wwU',
];

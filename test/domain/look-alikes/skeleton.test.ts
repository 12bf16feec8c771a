import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CONFUSABLES_COUNT } from '../../../src/domain/look-alikes/confusables.ts';
import { differences } from '../../../src/domain/look-alikes/differences.ts';
import { claimsCollide } from '../../../src/domain/look-alikes/name-claim.ts';
import { lookAlike, skeleton } from '../../../src/domain/look-alikes/skeleton.ts';

test('the examples of UTS 39 look alike: single-script, mixed-script, whole-script', () => {
  const alike: readonly (readonly [string, string])[] = [
    // Section 4: Cyrillic а for Latin a.
    ['paypal', 'p\u0430yp\u0430l'],
    // Section 4: "scope" in Latin and in Cyrillic.
    ['scope', '\u0455\u0441\u043e\u0440\u0435'],
    // Section 4: ljeto with one letter for two.
    ['ljeto', '\u01c9eto'],
    // Section 4: s with a combining dot, ṡ.
    ['\u1e61o', 's\u0307o'],
    // Digits, and m for rn.
    ['l', '1'],
    ['modern', 'modem'],
    ['alice', 'ali\u0441e'],
    ['ALICE', '\u0391LIC\u0395'],
    ['Ivan', '\u04c0van'],
    // Mathematical letters.
    ['bob', '\u{1d41b}\u{1d428}\u{1d41b}'],
    // Not drawn: a soft hyphen, a joiner.
    ['bob', 'b\u00ado\u200db'],
  ];
  for (const [one, other] of alike) assert.ok(lookAlike(one, other), `${one} ${other}`);
});

test('texts that look different have different skeletons: accents, case, other letters', () => {
  const different = [
    ['pena', 'peña'],
    ['muller', 'müller'],
    ['Alice', 'alice'],
    ['\u0410lice', 'alice'],
    ['u1', 'u10'],
    ['u01', 'u10'],
    ['мария', 'марина'],
    ['alice', 'alice'],
  ] as const;
  for (const [one, other] of different) assert.ok(!lookAlike(one, other), `${one} ${other}`);
});

test('a skeleton is its own skeleton, and the same for every normal form; no prototype is itself confusable', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 24 }), (text) => {
      const once = skeleton(text);
      assert.equal(skeleton(once), once);
      for (const form of ['NFC', 'NFD'] as const) assert.equal(skeleton(text.normalize(form)), once);
    }),
  );
  let mapped = 0;
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const character = String.fromCodePoint(code);
    const once = skeleton(character);
    if (once === character) continue;
    mapped++;
    assert.equal(skeleton(once), once, `U+${code.toString(16)}`);
  }
  assert.ok(mapped >= CONFUSABLES_COUNT, `${mapped}`);
});

test('names of ASCII alone never collide; one with another letter collides with every look-alike', () => {
  const names = [
    'u1',
    'ul',
    'uI',
    'u0',
    'uO',
    'u10',
    'uIO',
    'rn',
    'm',
    'user_1',
    'user_l',
    "o'neil",
    'o`neil',
  ];
  for (const one of names)
    for (const other of names) assert.ok(!claimsCollide(one, other), `${one} ${other}`);
  const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 24 });
  fc.assert(fc.property(ascii, ascii, (one, other) => !claimsCollide(one, other)));
  assert.ok(claimsCollide('alice', '\u0430lice'));
  assert.ok(claimsCollide('\u0430lice', 'alice'));
  assert.ok(claimsCollide('\u0430lice', '\u03b1lice'));
  assert.ok(!claimsCollide('\u0430lice', '\u0430lice'));
  assert.ok(!claimsCollide('peña1', 'pena1'));
});

test('the differences of two texts are what one has in place of the other', () => {
  assert.deepEqual(differences('p\u0430yp\u0430l', 'paypal'), [{ given: '\u0430', known: 'a' }]);
  assert.deepEqual(differences('rnarket', 'market'), [{ given: 'rn', known: 'm' }]);
  assert.deepEqual(differences('same', 'same'), []);
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  fc.assert(
    fc.property(text, text, (given, known) => {
      const found = differences(given, known);
      assert.equal(found.length === 0, given === known);
      for (const each of found) assert.notEqual(each.given, each.known);
      for (const each of found) assert.ok(given.includes(each.given) && known.includes(each.known));
    }),
  );
});

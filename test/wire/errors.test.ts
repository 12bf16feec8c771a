/*
 * Goal: each refusal has one code, one status on each wire, and a text in both languages.
 * Method: the table itself, with the largest inputs.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { RefusalCode } from '../../src/domain/errors.ts';
import { preferredLanguage } from '../../src/language/language.ts';
import { LIMITS } from '../../src/limits.ts';
import { ERRORS } from '../../src/wire/errors.ts';
import { detailOf, refusalAnswer } from '../../src/wire/tcp/answer.ts';

const CODES = Object.keys(ERRORS) as RefusalCode[];

test('every code has its statuses and its texts in both languages', () => {
  assert.ok(CODES.length >= 40);
  for (const code of CODES) {
    const { tcp, http, counts, en, es } = ERRORS[code];
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    assert.ok(tcp === 'ERROR' || tcp === 'POSIBLE ATAQUE', code);
    assert.ok(http >= 400 && http <= 599, code);
    assert.ok(['input', 'attempt', 'no'].includes(counts), code);
    for (const { title, detail } of [en, es]) {
      assert.match(
        title,
        /^\p{Lu}.*[^.]$/u,
        `${code}: a title begins with a capital and ends without a point`,
      );
      assert.match(detail, /^\p{Lu}.*\.$/u, `${code}: a detail is a sentence`);
    }
    assert.notEqual(en.title, es.title, code);
    assert.notEqual(en.detail, es.detail, code);
  }
});

test('only what does not fit its MAC or its challenge may be an attack', () => {
  const attacks = CODES.filter((code) => ERRORS[code].tcp === 'POSIBLE ATAQUE').sort();
  assert.deepEqual(attacks, ['challenge_spent', 'challenge_unknown', 'mac_mismatch']);
});

test('an answer to a refusal stays under the bound, whatever is in it', () => {
  const id = JSON.stringify('"'.repeat(LIMITS.idBytesMax));
  for (const code of CODES) {
    for (const detail of ['\u0001', '"', '€', '😀', 'x'].map((text) => text.repeat(2_000))) {
      const answer = refusalAnswer({ refused: code, retryAfterMs: Number.MAX_SAFE_INTEGER, detail }, id);
      assert.ok(
        Buffer.byteLength(answer) < LIMITS.answerBytesMax,
        `${code}: ${Buffer.byteLength(answer)} bytes`,
      );
      const { status, error, reintentar_ms } = JSON.parse(answer);
      assert.deepEqual(
        { status, error, reintentar_ms },
        { status: ERRORS[code].tcp, error: code, reintentar_ms: Number.MAX_SAFE_INTEGER },
      );
    }
  }
});

test('the detail of a refusal is read back from the text of its answer', () => {
  for (const code of CODES) {
    for (const detail of ['velocity: 5000.00 EUR / 24 h', 'a). b (', undefined]) {
      const { mensaje } = JSON.parse(
        refusalAnswer({ refused: code, ...(detail === undefined ? {} : { detail }) }, undefined),
      );
      assert.equal(detailOf(code, mensaje), detail);
    }
  }
});

test('the language of Accept-Language', () => {
  const cases: [string | undefined, 'en' | 'es'][] = [
    [undefined, 'en'],
    ['', 'en'],
    ['es', 'es'],
    ['es-ES,es;q=0.9,en;q=0.8', 'es'],
    ['en;q=0.3, es;q=0.7', 'es'],
    ['es;q=0', 'en'],
    ['fr, es;q=0.5', 'es'],
    ['fr', 'en'],
    ['*', 'en'],
    ['es;q=wrong', 'en'],
    ['ES-mx', 'es'],
    [`${'fr,'.repeat(100_000)}es`, 'en'],
  ];
  for (const [header, language] of cases)
    assert.equal(preferredLanguage(header), language, `${header?.slice(0, 40)}`);
});

/*
 * Goal: no refusal says something in English inside a Spanish answer.
 * Method: every detail that the source gives a refusal is looked up; answers over HTTP and TCP are read.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { refuse } from '../../src/domain/errors.ts';
import { detailIn, isKnownDetail } from '../../src/language/refusal-details.ts';
import { refusalAnswer } from '../../src/wire/tcp/answer.ts';
import { ROOT } from '../docs/machine.ts';
import { testHttp } from '../wire/http/http-fixture.ts';

/** A refusal's detail where it is written: in `refuse(…)` itself, or in a helper that makes one. */
const WRITTEN = [
  /refuse\([^()]*(?:\([^()]*\)[^()]*)*?detail:\s*(?<text>'[^'\n]*'|`[^`]*`)/g,
  /\b(?:invalid|wrong)\((?<text>'[^'\n]*'|`[^`]*`)\)/g,
];
/** Names of members, values and files are the same in every language. */
const NAME = /^[^ ]*(?:: [^ ]*)?$|^[^a-z]*$/;
/** What stops a start is told in English; an otpauth link is read by commands and pages, which have texts of their own. */
const NOT_OURS = /^src\/(?:adapters\/postgres\/address|domain\/otp\/otpauth)/;

function details(): readonly (readonly [file: string, template: string])[] {
  return globSync('src/**/*.ts', { cwd: ROOT })
    .filter((file) => !NOT_OURS.test(file))
    .flatMap((file) => {
      const source = readFileSync(join(ROOT, file), 'utf8');
      return WRITTEN.flatMap((pattern) =>
        [...source.matchAll(pattern)].map((match) => {
          const written = match.groups?.text ?? '';
          return [file, written.slice(1, -1).replace(/\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, '{}')] as const;
        }),
      );
    });
}

test('each detail that a refusal gives has its Spanish, or is a name', () => {
  const found = details();
  assert.ok(found.length > 80, `${found.length}`);
  const missing = found.filter(([, template]) => !NAME.test(template) && !isKnownDetail(template));
  assert.deepEqual(missing, []);
  // What is known is also what is told, whatever is named.
  for (const [, template] of found) {
    // Bytes are bytes.
    if (NAME.test(template) || template === '{} bytes') continue;
    const told = template.replaceAll('{}', 'x');
    assert.notEqual(detailIn('es', told), told, template);
  }
});

test('what a detail names is kept, and a member’s name before it', () => {
  for (const [english, spanish] of [
    ['at most 64 bytes', 'como mucho 64 bytes'],
    [
      'label: at most 64 bytes of visible characters in NFC',
      'label: como mucho 64 bytes de caracteres visibles en NFC',
    ],
    [
      'name: 1 to 64 of a-z, 0-9, dot, dash, underscore',
      'name: de 1 a 64 de a-z, 0-9, punto, guion, guion bajo',
    ],
    ['label: at most 64 bytes', 'label: como mucho 64 bytes'],
    ['seen: visible text, 1 to 256 bytes', 'seen: texto visible, de 1 a 256 bytes'],
    ['amount: not known here; known: a, b', 'amount: no se conoce aquí; se conocen: a, b'],
    ['query limit: must be <= 100', 'query limit: debe ser <= 100'],
    ['amount: must be string', 'amount: debe ser string'],
    ['payer', 'payer'],
    ['velocity: 5000.00 EUR / 24 h', 'velocity: 5000.00 EUR / 24 h'],
  ] as const) {
    assert.equal(detailIn('es', english), spanish);
    assert.equal(detailIn('en', english), english);
  }
});

test('over HTTP as the client prefers, over TCP always', async (t) => {
  const fixture = await testHttp(t);
  const ask = async (language: string) => {
    const body = { username: ' x', password: 'secreto' };
    return (await fixture.post('/v1/users', undefined, body, { 'accept-language': language })).json.detail;
  };
  assert.match(await ask('en'), /\(no blank at either end\)/);
  assert.match(await ask('es'), /\(sin espacios al principio ni al final\)/);
  const answer = refusalAnswer(refuse('message_invalid', { detail: '1 to 64 challenges' }), undefined);
  assert.match(JSON.parse(answer).mensaje, /\(de 1 a 64 desafíos\)/);
});

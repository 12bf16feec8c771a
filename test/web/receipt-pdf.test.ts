/*
 * Goal: the PDF of a receipt is a PDF to others, says what the receipt states, and carries the signed text unchanged.
 * Method: PyPI's pypdf reads it, in strict mode.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiptPdf } from '../../web/src/account/receipt-pdf/receipt-pdf.ts';
import { winAnsi } from '../../web/src/account/receipt-pdf/win-ansi.ts';
import { pythonWith } from '../services/python.ts';

const JWS = `eyJhbGciOiJFUzI1NiJ9.${'QWxh-_09'.repeat(110)}.${'c2ln'.repeat(21)}`;
const WORDS = {
  title: 'Recibo',
  language: 'es',
  intro:
    `Esta página muestra lo que el recibo dice (y nada \\ más). ${'Una frase que sigue y sigue. '.repeat(6)}`.trim(),
  facts: [
    { name: 'Beneficiario', value: 'Taller Núñez (Astilleros) \\ 100 €' },
    { name: 'A', value: 'Astiller\u043es ‹x›' },
    { name: 'Importe', value: '1.250,50\u00a0EUR' },
    { name: 'Largo', value: '\u4e2d'.repeat(64) },
  ],
  verify: 'Verificar en la página pública',
  signed: 'El texto firmado (JWS)',
  attached: 'El texto firmado va adjunto.',
};

test('a receipt as PDF is read by another program: text, link and attachment', async (t) => {
  const address = `https://sello.example/verify#${JWS}`;
  const pdf = receiptPdf(JWS, { jti: 'tx-1' }, WORDS, address);
  const python = await pythonWith(t, 'pypdf==7.1.0');
  if (!python) return;
  const read = JSON.parse(
    await python(
      `import base64, io, json, sys
from pypdf import PdfReader
reader = PdfReader(io.BytesIO(base64.b64decode(sys.stdin.read())), strict=True)
page = reader.pages[0]
print(json.dumps({
  "pages": len(reader.pages),
  "title": reader.metadata.title,
  "language": reader.trailer["/Root"]["/Lang"],
  "text": page.extract_text(),
  "files": {name: [content.decode() for content in contents] for name, contents in reader.attachments.items()},
  "links": [annotation.get_object()["/A"]["/URI"] for annotation in page["/Annots"]],
}))`,
      Buffer.from(pdf).toString('base64'),
    ),
  );
  assert.equal(read.pages, 1);
  assert.equal(read.title, 'Recibo tx-1');
  assert.equal(read.language, 'es');
  assert.deepEqual(read.files, { 'receipt.jws': [`${JWS}\n`] });
  assert.deepEqual(read.links, [address]);
  const text = read.text.replaceAll('\n', '');
  for (const part of [
    'Recibo',
    'Taller Núñez (Astilleros) \\ 100 €',
    'Astiller‹U+043E›s ‹U+2039›x‹U+203A›',
    '1.250,50 EUR',
  ])
    assert.ok(text.includes(part), part);
  assert.ok(text.includes(JWS), 'the signed text can be typed from a print');
  assert.ok(text.includes('‹U+4E2D›'.repeat(64)));
});

test('characters without a place in the standard fonts, and unseen ones, stand as code points', () => {
  assert.equal(winAnsi('aÑ€”'), 'aÑ\x80\x94');
  assert.equal(winAnsi('\u202eA\u00adB\u0007'), '\x8bU+202E\x9bA\x8bU+00AD\x9bB\x8bU+0007\x9b');
  assert.equal(winAnsi('😀'), '\x8bU+1F600\x9b');
  // No two texts have the same codes: what is printed is one account alone.
  const seen = new Map<string, number>();
  for (let code = 0x21; code < 0x3000; code++) {
    const codes = winAnsi(String.fromCodePoint(code));
    if (code === 0xa0 || code === 0x202f) continue;
    assert.equal(seen.get(codes), undefined, code.toString(16));
    seen.set(codes, code);
  }
});

/*
 * Goal: the guides' commands work and print what they show, and what they say of limits is what the server does.
 * Method: as for the READMEs; tables are compared with the source.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CONFIG_KEYS } from '../../src/config/keys.ts';
import { LIMITS } from '../../src/limits.ts';
import { ERRORS } from '../../src/wire/errors.ts';
import { runDocument } from './documented-session.ts';
import { isInstalled, ROOT } from './machine.ts';
import { tableRows } from './markdown.ts';
import { STAND_INS } from './stand-in.ts';

const BACK_END = 'docs/guides/back-end.md';

test('every command of docs/guides/back-end.md does what it says', (t) =>
  runDocument(t, {
    file: BACK_END,
    language: 'en',
    standIns: STAND_INS.filter((tool) => !isInstalled(tool)),
    isElsewhere: () => false,
  }));

test('the limits in docs/guides/back-end.md are the server’s', () => {
  const page = readFileSync(join(ROOT, BACK_END), 'utf8');
  const rows = tableRows(page.slice(page.indexOf('\n## Limits\n')));
  const errorsPerMinute = CONFIG_KEYS.find(({ key }) => key === 'rate_limits.errors.count_max');
  const values = [
    `${LIMITS.pendingTransactionsPerUserMax}`,
    `${LIMITS.waitingRequestsPerServiceMax}`,
    `${LIMITS.eventStreamsPerCallerMax}`,
    `${Number(errorsPerMinute?.schema.default).toLocaleString('en')} a minute (\`rate_limits.errors\`)`,
    `${LIMITS.httpBodyBytesMax / 1_024} KiB`,
    `${LIMITS.idempotencyKeyBytesMax} visible ASCII characters`,
  ];
  assert.deepEqual(
    rows.map(([, value]) => value),
    values,
  );
  const errors = Object.entries(ERRORS);
  for (const [limit = '', , beyond = ''] of rows) {
    const [, status, code] = /^(\d{3})(?: `(\w+)`)?$/.exec(beyond) ?? assert.fail(`${limit}: ${beyond}`);
    if (code !== undefined) {
      assert.equal(errors.find(([name]) => name === code)?.[1].http, Number(status), `${limit}: ${beyond}`);
    }
  }
});

/** Guides that quote the pages in bold, each with the texts that it quotes. */
const QUOTING = [
  { file: 'docs/guides/customer.md', language: 'en' },
  { file: 'docs/guides/operator.md', language: 'en' },
  { file: 'docs/es/clientes.md', language: 'es' },
  { file: 'docs/es/operadores.md', language: 'es' },
] as const;

for (const { file, language } of QUOTING) {
  test(`what ${file} has in bold is on the pages`, () => {
    const page = readFileSync(join(ROOT, file), 'utf8');
    const texts = globSync(`web/src/*/texts.${language}.ts`, { cwd: ROOT })
      .map((name) => readFileSync(join(ROOT, name), 'utf8'))
      .join('\n');
    const bold = Array.from(page.matchAll(/\*\*([^*]+)\*\*/g), ([, label = '']) => label);
    // A question in bold opens a paragraph.
    const labels = bold.filter((label) => !/^(¿?Sin conexión|No connection)\?$/.test(label));
    assert.ok(labels.length > 3);
    assert.deepEqual(
      labels.filter((label) => !texts.includes(`'${label}'`)),
      [],
    );
  });
}

/*
 * Goal: no document names a test, a file or a heading that does not exist.
 * Method: each document is searched for the forms in which documents name them.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT } from './machine.ts';
import {
  headingAnchors,
  isTitle,
  linkedFiles,
  missing,
  namedPaths,
  testReferences,
  testTitles,
} from './references.ts';

const DOCUMENTS = [
  'README.md',
  'README.es.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/DECISIONS.md',
  'docs/architecture.md',
  'docs/asvs.md',
  'docs/events.md',
  'docs/glossary.md',
  'docs/guides/auditor.md',
  'docs/guides/back-end.md',
  'docs/guides/customer.md',
  'docs/guides/operator.md',
  'docs/es/clientes.md',
  'docs/es/operadores.md',
  'docs/operations.md',
  'docs/protocol.md',
  'docs/security.md',
] as const;

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('everything that documents name exists', () => {
  for (const path of DOCUMENTS) {
    const text = read(path);
    test(`${path}: tests`, () => {
      assert.deepEqual(
        testReferences(text).flatMap((reference) => missing(reference) ?? []),
        [],
      );
    });

    test(`${path}: files`, () => {
      const linked = linkedFiles(text).map((target) => join(dirname(path), target));
      const gone = [...namedPaths(text), ...linked].filter((name) => !existsSync(join(ROOT, name)));
      assert.deepEqual(gone, []);
    });

    test(`${path}: headings`, () => {
      for (const [, target = '', heading] of text.matchAll(/\]\(([^)\s#]*)#([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const page = target === '' ? text : read(join(dirname(path), target));
        const headings = headingAnchors(page);
        assert.ok(headings.includes(heading ?? ''), `${target}#${heading}`);
      }
    });
  }
});

test('docs/architecture.md says what each folder holds', () => {
  const text = read('docs/architecture.md');
  const files = globSync(['src/*/**/*.ts', 'test/*/**/*.ts'], { cwd: ROOT });
  const folders = new Set(files.map((file) => file.split('/').slice(0, 2).join('/')));
  assert.ok(folders.size > 15);
  assert.deepEqual(
    [...folders].filter((folder) => !text.includes(`\`${folder}\``)),
    [],
  );
});

const KILLED = `killed \${KILLS} times`;

test('a test that is not there is found, whatever its form', () => {
  const source = `test('plain', async () => {});\n test(\n  \`killed \${KILLS} times\`,\n);\n describe("it's", () => {});`;
  assert.deepEqual(testTitles(source), ['plain', KILLED, "it's"]);
  assert.ok(isTitle('killed 50 times', KILLED));
  assert.ok(isTitle('a user: three', `\${known ? 'a user' : 'nobody'}: three`));
  assert.ok(!isTitle('killed times', KILLED));
  assert.ok(!isTitle('plain and more', 'plain'));
  assert.ok(missing({ file: 'test/docs/nowhere.test.ts', title: 'plain' }));
  assert.ok(missing({ file: 'test/docs/references.test.ts', title: 'a title that nobody gave' }));
  assert.deepEqual(testReferences('x `test/a.test.ts` “b c”; `test/d.ts` “e”'), [
    { file: 'test/a.test.ts', title: 'b c' },
    { file: 'test/d.ts', title: 'e' },
  ]);
});

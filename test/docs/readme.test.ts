/*
 * Goal: the commands in the READMEs work and print what the READMEs show.
 * Method: their `sh` blocks are run in order, in one shell, in a folder that looks like a fresh clone, against a server
 * started as `npm start` starts it; what each prints is compared with the `text` block that follows it. README.md is
 * run with the machine's own nc, oathtool and openssl where it has them, README.es.md always with the stand-ins, so
 * that both are tried.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SERVER_NODE_OPTIONS } from '../../bench/sizes.ts';
import { runDocument } from './documented-session.ts';
import { isInstalled, ROOT } from './machine.ts';
import { fencedBlocks } from './markdown.ts';
import { isShown } from './shown-output.ts';
import { STAND_INS } from './stand-in.ts';

/** Whole blocks that are not run here: what they run is run elsewhere. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  // On a container engine, by continuous integration.
  'cd deploy\ndocker compose -f compose.quick.yaml up\ndocker compose --profile demo up':
    'test/deploy/compose.check.ts',
  // By continuous integration.
  'npm test': '.ci/run',
  'npm run demo': 'test/demo/demo.test.ts',
  'npm run bench': 'bench/main.ts',
};

const READMES = [
  { file: 'README.md', language: 'en', standIns: STAND_INS.filter((tool) => !isInstalled(tool)) },
  { file: 'README.es.md', language: 'es', standIns: STAND_INS },
] as const;

describe('the READMEs', { concurrency: true }, () => {
  for (const { file, language, standIns } of READMES) {
    test(`every command of ${file} does what it says`, (t) =>
      runDocument(t, { file, language, standIns, isElsewhere: (text) => text in RUN_ELSEWHERE }));
  }
});

test('what the READMEs do not run here is run elsewhere', () => {
  for (const path of Object.values(RUN_ELSEWHERE)) assert.ok(existsSync(join(ROOT, path)), path);
  assert.match(readFileSync(join(ROOT, '.ci/run'), 'utf8'), /npm test/);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  // What is started is what was measured.
  const started = `node_modules/.bin/node ${SERVER_NODE_OPTIONS.join(' ')} src/main.ts serve`;
  assert.ok(scripts.start.endsWith(started), scripts.start);
  const command = `/node" ${SERVER_NODE_OPTIONS.join(' ')} "$root/src/main.ts"`;
  assert.ok(readFileSync(join(ROOT, 'bin/sello'), 'utf8').includes(command));
  const image = SERVER_NODE_OPTIONS.map((option) => JSON.stringify(option)).join(', ');
  assert.ok(readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8').includes(`["node", ${image}, `));
});

test('both READMEs give the same commands', () => {
  const commands = READMES.map(({ file }) =>
    fencedBlocks(readFileSync(join(ROOT, file), 'utf8'))
      .filter(({ language }) => language === 'sh')
      .map(({ text }) => text),
  );
  assert.deepEqual(commands[0], commands[1]);
});

test('the comparison distinguishes the printed output from any other', () => {
  const nonce = 'ca6cf1d341744c1ab2907267ba13053ddaba10f580a6f7c78a3141a6fa928a57';
  const other = nonce.replaceAll('a', 'b');
  assert.ok(isShown(`{"status":"OK","nonce":"${nonce}"}`, `{"status":"OK","nonce":"${other}"}\n`));
  assert.ok(
    isShown(`{"status":"OK","nonce":"${nonce.slice(0, 12)}…"}`, `{"status":"OK","nonce":"${other}"}`),
  );
  assert.ok(isShown('first\n…\nlast', 'first\nsecond\nthird\nlast\n'));
  assert.ok(!isShown('{"status":"OK"}', '{"status":"ERROR"}'));
  assert.ok(!isShown(`{"nonce":"${nonce}"}`, '{"nonce":""}'));
  assert.ok(!isShown('first\nlast', 'first\nsecond\nlast'));
  assert.ok(!isShown('first', 'first\nsecond'));
  assert.ok(!isShown('', 'something'));
  assert.ok(!isShown('a.c', 'abc'));
});

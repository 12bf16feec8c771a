/*
 * Goal: a reader of the log that stops does not stop the server, and learns afterwards how much it missed.
 * Method: a process that logs into a pipe that nobody reads, then into the same pipe while it is read.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('../../src/cli/serve/log-destination.ts', import.meta.url));
const LINES = 4_000;
const PROGRAM = `
  import { LogDestination } from ${JSON.stringify(MODULE)};
  const log = new LogDestination();
  for (let n = 0; n < ${LINES}; n++) log.write(JSON.stringify({ n, text: 'x'.repeat(1_000) }) + '\\n');
  process.stdout.write('went on');
  process.stdin.on('data', () => undefined).on('end', () => process.exit());
`;

/** Node gives a child sockets; a shell in between gives it a pipe. */
const KINDS = {
  socket: () => spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], { stdio: 'pipe' }),
  pipe: () =>
    spawn(
      'bash',
      ['-c', '"$0" --input-type=module -e "$1" 2> >(read -r -u 3; cat >&2)', process.execPath, PROGRAM],
      {
        stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      },
    ),
};

for (const [kind, start] of Object.entries(KINDS))
  test(`a log that nobody reads, over a ${kind}, stops nothing: lines are kept to a bound, the rest is counted`, {
    timeout: 60_000,
  }, async () => {
    const child = start();
    const [said] = await once(child.stdout, 'data');
    assert.equal(String(said), 'went on');

    (child.stdio[3] as Writable | undefined)?.end('\n');
    child.stderr.setEncoding('utf8');
    let text = '';
    child.stderr.on('data', (part: string) => {
      text += part;
      if (text.includes('lines were dropped')) child.stdin.end();
    });
    await once(child, 'close');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { n?: number; lines?: number; level?: number });
    const last = lines.pop();
    assert.equal(last?.level, 40);
    assert.deepEqual(
      lines.map(({ n }) => n),
      lines.map((_, index) => index),
      'in order, none in the middle is missing',
    );
    assert.ok(lines.length > 1_000 && lines.length < LINES, String(lines.length));
    assert.equal(last?.lines, LINES - lines.length);
  });

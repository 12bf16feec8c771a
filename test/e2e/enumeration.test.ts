/*
 * Goal: from outside, an existing user name cannot be distinguished from an unknown one: the same answers, the same locks,
 * the same time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../services/application.ts';
import { runServer } from './server-process.ts';

const NAMES = 14;

test('answers and locks are the same, to the byte but for the time to wait', async (t) => {
  const server = await runServer(t, {
    folder: await temporaryFolder(t),
    flags: { '--lockout-lock-ms': '700' },
  });
  const client = await server.connect();
  await client.request({ accion: 'register', username: 'alice', password: 'secreto' });
  const wrong = 'adivinada';
  const told = await Promise.all(
    ['alice', 'bobby'].map(async (username) => {
      const own = await server.connect();
      const answers: [string, number | undefined, number][] = [];
      let lockedMs = 0;
      for (let attempt = 0; attempt < 14; attempt++) {
        const askedAt = performance.now();
        const { reintentar_ms: waitMs, ...answer } = await own.request({
          accion: 'login',
          username,
          password: wrong,
        });
        const ms = waitMs === undefined ? undefined : Number(waitMs);
        // How uncertain it is what is left of the lock: it was set, and asked after, at some time in these two requests.
        const tookMs = performance.now() - askedAt;
        if (answer.error === 'credentials_invalid') lockedMs = 0;
        lockedMs += tookMs;
        answers.push([JSON.stringify({ ...answer, wait: ms !== undefined }), ms, lockedMs]);
        // Now and then the lock is waited for, exactly as long as was told.
        if (attempt % 4 === 3 && ms !== undefined)
          await new Promise((resolve) => setTimeout(resolve, ms + 5));
      }
      own.destroy();
      return answers;
    }),
  );
  const [known = [], unknown = []] = told;
  assert.deepEqual(
    known.map(([answer]) => answer),
    unknown.map(([answer]) => answer),
  );
  known.forEach(([, ms, tookMs], index) => {
    const [, other = 0, otherTookMs = 0] = unknown[index] ?? [];
    // Asked at other times by as much as the requests since the lock took: 200 ms for each of two on a quiet machine.
    const apartMs = Math.max(400, tookMs + otherTookMs);
    if (ms !== undefined) assert.ok(Math.abs(ms - other) < apartMs, `${ms} and ${other} ms`);
  });
  const errors = known.map(([answer]) => (JSON.parse(answer) as { error: string }).error);
  assert.deepEqual(errors.slice(0, 4), [
    'credentials_invalid',
    'credentials_invalid',
    'credentials_invalid',
    'locked',
  ]);
  // After the lock one more is evaluated, and locks for twice as long.
  assert.equal(errors[4], 'credentials_invalid');
  assert.ok((known[4]?.[1] ?? 0) > 1_000);
});

test('a wrong password takes the same time', async (t) => {
  const server = await runServer(t, { folder: await temporaryFolder(t) });
  const client = await server.connect();
  for (let n = 0; n < NAMES; n++) {
    await client.request({ accion: 'register', username: `user${n}`, password: 'secreto' });
  }
  const times = { known: [] as number[], unknown: [] as number[] };
  for (let n = 0; n < 2 * NAMES; n++) {
    // In turn, so that whatever else the machine does falls on both; each name is asked for once.
    const kind = n % 2 === 0 ? 'known' : 'unknown';
    const username = kind === 'known' ? `user${n >> 1}` : `nobody${n >> 1}`;
    const startedAt = performance.now();
    const answer = await client.request({ accion: 'login', username, password: 'adivinada' });
    times[kind].push(performance.now() - startedAt);
    assert.equal(answer.error, 'credentials_invalid');
  }
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
  const [known, unknown] = [median(times.known), median(times.unknown)];
  /** What the medians of the halves of one kind are apart: the machine's doing, as the kind is the same. */
  const apart = (values: readonly number[]) =>
    Math.abs(median(values.slice(0, NAMES / 2)) - median(values.slice(NAMES / 2)));
  const noiseMs = Math.max(apart(times.known), apart(times.unknown));
  t.diagnostic(`medians of ${NAMES}: ${known.toFixed(1)} ms for a user, ${unknown.toFixed(1)} ms for nobody`);
  // Answers come at multiples of 100 ms: on a machine under load one of them may be a step later.
  assert.ok(Math.abs(known - unknown) < 160 + 2 * noiseMs, `${known} and ${unknown} ms, noise ${noiseMs} ms`);
  assert.ok(Math.min(known, unknown) > 50);
});

test('a lost secret and a foreign one resume nothing, in the same words', async (t) => {
  const server = await runServer(t, { folder: await temporaryFolder(t) });
  const client = await server.connect();
  await client.request({ accion: 'register', username: 'alice', password: 'secreto' });
  const logIn = await client.request({ accion: 'login', username: 'alice', password: 'secreto' });
  await client.request({ accion: 'logout' });
  const answers = [];
  for (const sesion of [
    logIn.sesion,
    `1.${'A'.repeat(32)}`,
    `zz.${'A'.repeat(32)}`,
    'x',
    '',
    '0.',
    `1.${'A'.repeat(5_000)}`,
  ]) {
    const { id: _, ...answer } = await client.request({ accion: 'reanudar', sesion });
    answers.push(JSON.stringify(answer));
  }
  assert.equal(new Set(answers).size, 1, answers.join('\n'));
  assert.match(answers[0] ?? '', /session_ended/);
});

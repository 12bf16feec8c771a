/*
 * Goal: an export and a checkpoint or two, and nothing else, show every changed, missing, inserted, reordered, repeated or
 * cut-off entry, a forked log and an older copy; damaged input is named for what it is.
 * Method: exports as the command writes them, hundreds of random changes of them, and each kind of wrong checkpoint.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVerifierKey } from '../../src/domain/log/verify-note.ts';
import { exportedEntries } from '../../src/operator/audit/exported-journal.ts';
import {
  contradictingPins,
  type PinnedCheckpoint,
  readPin,
} from '../../src/operator/audit/pinned-checkpoint.ts';
import { verifyExport } from '../../src/operator/audit/verify-export.ts';
import { checkpointOver, exportLines, logKey } from './export-fixture.ts';
import { drawing, mutate } from './export-mutations.ts';

const ORIGIN = 'sello.example';
const KEY = logKey(ORIGIN);
const LINES = exportLines(300);

async function* stream(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

function pinOf(lines: readonly string[], size: number, name = `checkpoint ${size}`): PinnedCheckpoint {
  const pin = readPin(name, checkpointOver(lines, size, ORIGIN, KEY), readVerifierKey(KEY.vkey));
  assert.ok(!('en' in pin), JSON.stringify(pin));
  return pin;
}

function verify(lines: readonly string[], ...pins: readonly PinnedCheckpoint[]) {
  return verifyExport(exportedEntries(stream(lines)), pins);
}

test('an export fits every checkpoint over it, of any size', async () => {
  const pins = [0, 1, 2, 255, 256, 257, 300].map((size) => pinOf(LINES, size));
  const verdict = await verify(LINES, ...pins);
  assert.deepEqual(
    [verdict.fault, verdict.checkpointFault, verdict.sealed, verdict.covered],
    [undefined, undefined, 300, 300],
  );
});

test('hundreds of random changes are all found with the last checkpoint', async (t) => {
  const pin = pinOf(LINES, LINES.length);
  const draw = drawing(1);
  const found = new Map<string, number>();
  for (let round = 0; round < 200; round++) {
    const mutation = mutate(LINES, draw);
    if (!mutation) continue;
    const { fault, checkpointFault } = await verify(mutation.lines, pin);
    assert.ok(fault || checkpointFault, `round ${round}: ${mutation.kind}`);
    found.set(mutation.kind, (found.get(mutation.kind) ?? 0) + 1);
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(found)));
});

test('a rewritten journal is bounded by the checkpoints that fit and the first that does not', async () => {
  const other = [...LINES.slice(0, 100), ...exportLines(300, 5, 'y').slice(100)];
  const rewritten = exportLines(300, 5, 'y');
  assert.equal((await verify(other, pinOf(LINES, 300))).fault?.reason, 'previous_unexpected');
  const fault = (await verify(rewritten, pinOf(rewritten, 60), pinOf(LINES, 200), pinOf(LINES, 300)))
    .checkpointFault;
  assert.deepEqual([fault?.reason, fault?.index], ['rewritten', 60]);
  assert.match(fault?.said.en ?? '', /checkpoint 200 signs: an entry from index 60 to 199/);
});

test('two checkpoints of one key over other entries are a fork', async () => {
  const forked = exportLines(300, 5, 'y');
  const fault = (await verify(LINES, pinOf(forked, 150), pinOf(LINES, 300))).checkpointFault;
  assert.deepEqual([fault?.reason, fault?.index], ['forked', 0]);
  const same = contradictingPins([pinOf(LINES, 300, 'mine'), pinOf(forked, 300, 'theirs')]);
  assert.match(same?.en ?? '', /forked: mine and theirs both cover 300 entries/);
});

test('an older copy, and lines that are missing at the end', async () => {
  const fault = (await verify(LINES.slice(0, 250), pinOf(LINES, 240), pinOf(LINES, 300))).checkpointFault;
  assert.deepEqual([fault?.reason, fault?.index], ['rolled_back', 250]);
  const { checkpointFault, fault: broken } = await verify(LINES.slice(0, 250), pinOf(LINES, 250));
  assert.deepEqual([checkpointFault, broken], [undefined, undefined], 'what a checkpoint covers is whole');
});

test('unsealed entries come last, and one user’s export has gaps but fits no checkpoint', async () => {
  const unsealed = LINES.map((line, at) => (at < 280 ? line : line.replace(/"index":\d+,/, '')));
  const verdict = await verify(unsealed, pinOf(LINES, 280));
  assert.deepEqual([verdict.fault, verdict.checkpointFault, verdict.sealed], [undefined, undefined, 280]);
  const amid = LINES.map((line, at) => (at === 100 ? line.replace(/"index":\d+,/, '') : line));
  assert.equal((await verify(amid)).fault?.reason, 'index_unexpected');
  const own = LINES.filter((line) => line.includes('"user":"user 3'));
  assert.equal((await verify(own)).fault, undefined);
  assert.equal((await verify(own, pinOf(LINES, 300))).fault?.reason, 'index_unexpected');
});

test('a checkpoint of another key, of another log, changed, and what is none', () => {
  const key = readVerifierKey(KEY.vkey);
  const said = (note: string, by = key) => {
    const pin = readPin('file', note, by);
    return 'en' in pin ? pin.en : 'accepted';
  };
  const note = checkpointOver(LINES, 300, ORIGIN, KEY);
  assert.equal(said(note), 'accepted');
  assert.match(said(checkpointOver(LINES, 300, ORIGIN, logKey(ORIGIN))), /not signed by this key/);
  assert.match(said(checkpointOver(LINES, 300, 'other.example', KEY)), /of another log/);
  assert.match(said(note.replace('\n300\n', '\n299\n')), /was changed: its signature is wrong/);
  for (const damaged of ['', 'x', note.slice(0, 40), note.slice(0, -2), `\0${note}`, LINES[0] ?? '']) {
    assert.match(said(damaged), /is no checkpoint/, JSON.stringify(damaged));
  }
  const foreign = readPin('other', checkpointOver(LINES, 3, 'other.example', KEY), undefined);
  const own = readPin('own', note, undefined);
  assert.ok(!('en' in foreign) && !('en' in own));
  assert.match(contradictingPins([foreign, own])?.en ?? '', /two logs/);
});

/*
 * Goal: what was written is read back, by anyone's gunzip too, and every damage is found and named.
 * Method: files of random lines in a real folder, whole, changed in each byte region, cut, and taken away.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ArchiveFolder } from '../../../src/adapters/archive-folder/archive-folder.ts';
import { gunzipMember, gzipMember, memberLength } from '../../../src/adapters/archive-folder/gzip-members.ts';
import { formatExportLine, parseExportLine } from '../../../src/domain/journal/export-line.ts';
import { ArchiveUnreadable, BUNDLE_ENTRIES } from '../../../src/ports/journal-archive.ts';
import { temporaryFolder } from '../../services/application.ts';
import { until } from '../../waiting.ts';

const hex = (text: string) => createHash('sha256').update(text).digest('hex');

function bundles(first: number, count: number): string[][] {
  return Array.from({ length: count }, (_, bundle) =>
    Array.from({ length: BUNDLE_ENTRIES }, (_each, place) => {
      const index = first + bundle * BUNDLE_ENTRIES + place;
      const body = index % 7 === 0 ? null : `{"at":"2026","user":"ñ ${index}","version":1}`;
      return formatExportLine({ index, body, previous: hex(`p${index}`), hash: hex(`${index}`) });
    }),
  );
}

async function* stream(lines: readonly (readonly string[])[]): AsyncGenerator<readonly string[]> {
  yield* lines;
}

test('a file is read back whole and entry by entry, by gunzip and by sha256sum', async (t) => {
  const place = join(await temporaryFolder(t), 'archive');
  const archive = new ArchiveFolder(place);
  assert.deepEqual(await archive.files(), []);
  assert.equal(await archive.findBody(3), undefined);
  const written = bundles(512, 3);
  const file = await archive.write({ first: 512, end: 1_280 }, stream(written));
  assert.deepEqual(await Array.fromAsync(archive.read(file)), written);
  const text = gunzipSync(await readFile(join(place, file.name))).toString();
  assert.equal(text, `${written.flat().join('\n')}\n`);
  assert.match(execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: place }).toString(), /: OK\n/);
  const other = new ArchiveFolder(place);
  assert.deepEqual(await other.files(), [file]);
  assert.equal(await other.findBody(513), '{"at":"2026","user":"ñ 513","version":1}');
  assert.equal(await other.findBody(1_274), null, 'of an erased user');
  for (const index of [0, 511, 1_280]) assert.equal(await other.findBody(index), undefined);
  // Replaced as a whole, and the sums with it.
  await archive.write(file, stream(bundles(512, 3).map((lines) => lines.toReversed())));
  assert.match(execFileSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: place }).toString(), /: OK\n/);
  await assert.rejects(archive.findBody(513), ArchiveUnreadable);
  await rm(join(place, file.name));
  // What is in memory of it is not shown for long.
  await until(async () => (await other.findBody(513)) === undefined);
});

test('a changed, cut or exchanged file is damaged, and says so', async (t) => {
  const place = await temporaryFolder(t);
  const file = await new ArchiveFolder(place).write({ first: 0, end: 512 }, stream(bundles(0, 2)));
  const path = join(place, file.name);
  const whole = await readFile(path);
  const isFound = async (bytes: Buffer) => {
    await writeFile(path, bytes);
    const read = await Array.fromAsync(new ArchiveFolder(place).read(file)).catch((error: unknown) => error);
    return read instanceof ArchiveUnreadable || JSON.stringify(read) !== JSON.stringify(bundles(0, 2));
  };
  for (let at = 0; at < whole.length; at += 97) {
    // The time, the flags and the system of a gzip header say nothing.
    if (at % whole.length >= 4 && at < 10) continue;
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 16;
    assert.ok(await isFound(changed), `byte ${at}`);
  }
  for (const length of [0, 5, 19, 200, whole.length - 1])
    assert.ok(await isFound(whole.subarray(0, length)), `${length}`);
  assert.ok(await isFound(Buffer.concat([whole, Buffer.from('x')])));
  assert.ok(!(await isFound(whole)));
});

test('members and lines of any text are read back', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 3_000, unit: 'grapheme' }), (text) => {
      const member = gzipMember(text);
      assert.equal(memberLength(member), member.length);
      assert.equal(gunzipMember(member, 100_000), text);
      assert.equal(gunzipSync(member).toString(), text);
      assert.equal(gunzipMember(member, Buffer.byteLength(text) - 1), undefined, 'longer than allowed');
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      gunzipMember(Buffer.from(bytes), 1_000);
      const length = memberLength(Buffer.from(bytes));
      assert.ok(length === undefined || length > 28);
    }),
  );
  fc.assert(
    fc.property(fc.nat(), fc.dictionary(fc.string(), fc.string()), fc.boolean(), (index, value, isSealed) => {
      const line = {
        ...(isSealed ? { index } : {}),
        ...{ body: JSON.stringify(value), previous: hex('a'), hash: hex('b') },
      };
      assert.deepEqual(parseExportLine(formatExportLine(line)), line);
    }),
  );
  for (const text of ['', '{}', 'null', '{"body":5,"previous":"","hash":""}'])
    assert.equal(parseExportLine(text), undefined);
});

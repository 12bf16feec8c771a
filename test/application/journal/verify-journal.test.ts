/*
 * Goal: any change to a journal is found and reported with its position and reason.
 * Method: a journal of three users is changed entry by entry and byte by byte.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type JournalVerdict,
  type UnverifiedEntry,
  verifyJournal,
} from '../../../src/application/journal/verify-journal.ts';
import { canonicalJson } from '../../../src/domain/encoding/canonical-json.ts';
import { type EntryBody, encodeBody } from '../../../src/domain/journal/entry.ts';
import { chainHash, GENESIS_HASH } from '../../../src/domain/journal/hash-chain.ts';

/** A journal of three users whose entries are mixed, as an export has it. */
function journal(form: UnverifiedEntry['form'] = 'bytes'): WithBody[] {
  const last = new Map<string, { version: number; hash: string }>();
  return ['ana', 'bo', 'ana', 'ñandú "q"', 'bo', 'ana', 'ana', 'bo'].map((user, index) => {
    const before = last.get(user) ?? { version: 0, hash: GENESIS_HASH };
    const body: EntryBody = {
      at: 1_700_000_000_000 + index,
      type: 'login.accepted',
      user,
      version: before.version + 1,
      detail: { b: 1, a: 'x:"y' },
    };
    const text = encodeBody(body);
    const hash = chainHash(before.hash, text);
    last.set(user, { version: body.version, hash });
    return { body: text, previous: before.hash, hash, form };
  });
}

/** Of these tests every entry has its body. */
type WithBody = UnverifiedEntry & { readonly body: string };

async function* stream<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

function verify(entries: readonly UnverifiedEntry[]): Promise<JournalVerdict> {
  return verifyJournal(stream(entries));
}

async function faultOf(change: (entries: WithBody[]) => WithBody[]): Promise<string> {
  const { fault } = await verify(change(journal()));
  return fault ? `${fault.entry} ${fault.user} ${fault.version} ${fault.reason}` : 'none';
}

const replaced = (at: number, entry: (old: WithBody) => Partial<WithBody>) => (entries: WithBody[]) =>
  entries.map((old, index) => (index === at ? { ...old, ...entry(old) } : old));

test('a complete journal is valid, from a store and from an export', async () => {
  assert.deepEqual(await verify(journal()), { entries: 8, users: 3, fault: undefined });
  const exported = journal('json').map((entry) => ({
    ...entry,
    body: JSON.stringify(JSON.parse(entry.body), null, 2),
  }));
  assert.equal((await verify(exported)).fault, undefined);
  const unnamed = journal().map(({ body, hash, form }) => ({ body, hash, form }));
  assert.equal((await verify(unnamed)).fault, undefined);
  assert.deepEqual(await verify([]), { entries: 0, users: 0, fault: undefined });
});

test('the first invalid entry is named with the reason', async () => {
  assert.equal(
    await faultOf(replaced(2, ({ body }) => ({ body: body.replace('login.accepted', 'login.refused') }))),
    '3 ana 2 hash_mismatch',
  );
  assert.equal(await faultOf((all) => all.toSpliced(2, 1)), '5 ana 3 version_unexpected');
  assert.equal(
    await faultOf((all) => all.toSpliced(2, 1).toSpliced(5, 0, ...all.slice(2, 3))),
    '5 ana 3 version_unexpected',
  );
  assert.equal(await faultOf((all) => [...all, ...all.slice(7)]), '9 bo 3 version_unexpected');
  assert.equal(
    await faultOf(replaced(0, () => ({ previous: '1'.repeat(64) }))),
    '1 ana 1 previous_unexpected',
  );
  assert.equal(
    await faultOf(
      replaced(4, ({ hash }) => ({ hash: hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) })),
    ),
    '5 bo 2 hash_mismatch',
  );
  assert.equal(
    await faultOf(replaced(4, ({ hash }) => ({ hash: hash.toUpperCase() }))),
    '5 bo 2 hash_malformed',
  );
  assert.equal(await faultOf(replaced(4, () => ({ hash: '' }))), '5 bo 2 hash_malformed');
  assert.equal(
    await faultOf(replaced(1, ({ body }) => ({ body: body.replace('{', '{ ') }))),
    '2 bo 1 body_not_canonical',
  );
  assert.equal(await faultOf(replaced(1, () => ({ body: '{' }))), '2  0 body_not_json');
  assert.equal(await faultOf(replaced(1, () => ({ body: '[]' }))), '2  0 body_not_json');
  assert.equal(await faultOf(replaced(1, () => ({ body: '{}' }))), '2  0 body_incomplete');
});

test('an export with a duplicate member is not canonical, whichever of the two values is right', async () => {
  const twice = (entries: WithBody[]) =>
    replaced(1, ({ body }) => ({ form: 'json' as const, body: body.replace('{', '{"user":"eve",') }))(
      entries,
    );
  assert.equal(await faultOf(twice), '2 bo 1 body_not_canonical');
});

test('entries missing at the end are found where the heads are known', async () => {
  const entries = journal();
  const heads = [
    { user: 'ana', version: 4 },
    { user: 'bo', version: 3, hash: entries[7]?.hash ?? '' },
  ];
  assert.equal((await verifyJournal(stream(entries), heads)).fault, undefined);
  const cut = await verifyJournal(stream(entries.slice(0, 7)), heads);
  assert.deepEqual([cut.fault?.user, cut.fault?.version, cut.fault?.reason], ['bo', 3, 'truncated']);
  const none = await verifyJournal(stream(entries), [{ user: 'zoe', version: 1 }]);
  assert.equal(none.fault?.reason, 'truncated');
  const other = await verifyJournal(stream(entries), [{ user: 'bo', version: 3, hash: '0'.repeat(64) }]);
  assert.equal(other.fault?.reason, 'hash_mismatch');
});

test('any one byte changed in any body is found', async () => {
  const entries = journal();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(entries.length - 1),
      fc.nat(400),
      fc.integer({ min: 32, max: 126 }),
      async (at, place, code) => {
        const { body } = entries[at] ?? { body: '' };
        const index = place % body.length;
        const changed = body.slice(0, index) + String.fromCharCode(code) + body.slice(index + 1);
        fc.pre(changed !== body);
        const { fault } = await verify(replaced(at, () => ({ body: changed }))(entries));
        assert.equal(fault?.entry, at + 1);
      },
    ),
  );
});

test('canonical JSON is that of RFC 8785', () => {
  // Section 3.2.3's example of sorting, and the strings and numbers of section 3.2.2.
  const value = JSON.parse(
    '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
  );
  const names = [...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(names, [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
  const numbers = { numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27], literals: [null, true, false] };
  assert.equal(
    canonicalJson(numbers),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}',
  );
});

test('an entry without a body is a fault, unless an erasure of the system user names its whole chain', async () => {
  const all = journal('json');
  const own = all.filter(({ body }) => JSON.parse(body).user === 'ana');
  const last = own.at(-1)?.hash ?? '';
  const erased: UnverifiedEntry[] = all.map((entry) =>
    own.includes(entry) ? { ...entry, body: null } : entry,
  );
  const erasure = (detail: object, user = 'system'): UnverifiedEntry => {
    const body = canonicalJson({
      at: '2026-01-01T00:00:00.000Z',
      detail,
      type: 'admin.user_erased',
      user,
      version: 1,
    });
    return { body, previous: GENESIS_HASH, hash: chainHash(GENESIS_HASH, body), form: 'json' };
  };
  const reasonOf = async (entries: readonly UnverifiedEntry[]) => (await verify(entries)).fault?.reason;
  const said = { entries: own.length, erased: 5, last };
  assert.equal(await reasonOf([...erased, erasure(said)]), undefined);
  assert.equal(await reasonOf(erased), 'erasure_unrecorded');
  assert.equal(
    await reasonOf([...erased, erasure({ ...said, entries: own.length + 1 })]),
    'erasure_unrecorded',
  );
  assert.equal(await reasonOf([...erased, erasure({ ...said, last: '0'.repeat(64) })]), 'erasure_unrecorded');
  assert.equal(
    await reasonOf([...erased, erasure(said, 'mallory')]),
    'erasure_unrecorded',
    'a user excuses nobody',
  );
  // One entry alone is hidden; one is left out; two are exchanged.
  const hidden = all.map((entry) => (entry === own[1] ? { ...entry, body: null } : entry));
  assert.equal(await reasonOf([...hidden, erasure(said)]), 'previous_unexpected');
  const place = all.indexOf(own[1] ?? assert.fail());
  assert.equal(await reasonOf([...erased.toSpliced(place, 1), erasure(said)]), 'previous_unexpected');
  const chain = {
    form: 'bytes',
    chain: '7',
    columns: { at: 0, type: 'user.registered', version: 1 },
  } as const;
  assert.equal(await reasonOf([{ body: '', hash: last, ...chain }]), 'body_missing');
});

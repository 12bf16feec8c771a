/*
 * Goal: what docs/events.md, event.schema.json and asyncapi.yaml say of events is what leaves.
 * Method: entries of every type, of a real journal and at random, are put into their form and checked by the schema; the documents
 * are compared with the source.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import Schema from 'typebox/schema';
import { parse } from 'yaml';
import { EventForm, type EventSelection } from '../../src/application/relay/outgoing-event.ts';
import { type EntryBody, type EntryType, encodeBody } from '../../src/domain/journal/entry.ts';
import type { SealedEntry } from '../../src/ports/log-store.ts';
import { ROOT } from './machine.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const eventSchema = Schema.Compile(JSON.parse(read('docs/event.schema.json')));
/** What the schema has against it; nothing for an event. */
function problemsOf(value: unknown): string {
  return eventSchema.Check(value) ? '' : JSON.stringify(eventSchema.Errors(value)[1]);
}

const HASH = 'ab'.repeat(32);
const TYPES = [...read('src/domain/journal/entry.ts').matchAll(/^ {2}\| '([a-z.]+)'/gm)].map(
  ([, type = '']) => type,
);

function formOf(selection: Partial<EventSelection> = {}): EventForm {
  return new EventForm({ source: 'sello.example', types: ['*'], fieldsOmitted: [], ...selection });
}

function sealed(index: number, body: EntryBody): SealedEntry {
  const { at, type, version } = body;
  return { index, userId: 1, version, at, type, body: encodeBody(body), hash: HASH };
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const bodies: fc.Arbitrary<EntryBody> = fc.record(
  {
    at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    type: fc.constantFrom(...(TYPES as EntryType[]), 'admin.user_disabled' as const),
    user: fc.oneof(text, fc.constantFrom('"user":"x","version":1}', '\\', 'a"b', '\u2028', 'ana')),
    version: fc.integer({ min: 1, max: 2 ** 31 }),
    detail: fc.dictionary(
      fc.constantFrom('by', 'payee', 'payer', 'label', 'user', 'version', 'count'),
      fc.oneof(text, fc.integer(), fc.boolean(), fc.constant('","user":"eve","version":9}')),
    ),
    reason: text,
    transaction: fc.record({
      amount: fc.constant('1.00'),
      challenge: fc.constant('00ff'),
      currency: fc.constant('EUR'),
      id: text,
      payee: text,
      payer: text,
      v: fc.constant(1 as const),
    }),
  },
  { requiredKeys: ['at', 'type', 'user', 'version'] },
);

test('any entry leaves as a CloudEvent that the schema accepts, with its own body and user', () => {
  const form = formOf();
  fc.assert(
    fc.property(fc.nat(), bodies, (index, body) => {
      const entry = sealed(index, body);
      const event = form.of(entry);
      const value = JSON.parse(event.json);
      assert.equal(problemsOf(value), '');
      assert.equal(value.id, `${index}`);
      assert.equal(value.subject, body.user);
      assert.equal(event.user, body.user);
      assert.equal(value.type, `sello.${body.type}`);
      assert.equal(JSON.stringify(value.data.body), entry.body, 'the body is the one that was hashed');
    }),
  );
});

test('fields that are left out are in no event, wherever they stand, and the event says so', () => {
  const form = formOf({ fieldsOmitted: ['payer', 'payee'] });
  fc.assert(
    fc.property(fc.nat(), bodies, (index, body) => {
      const value = JSON.parse(form.of(sealed(index, body)).json);
      assert.equal(problemsOf(value), '');
      for (const part of [value.data.body.transaction, value.data.body.detail]) {
        assert.ok(!('payer' in (part ?? {})) && !('payee' in (part ?? {})));
      }
      const had = [body.transaction, body.detail].some(
        (part) => part && ('payer' in part || 'payee' in part),
      );
      assert.deepEqual(value.data.omitted, had ? ['payee', 'payer'] : undefined);
      assert.equal(value.data.body.user, body.user);
    }),
  );
});

test('a marker has an index and a hash, and nothing of its entry', () => {
  const event = formOf().withheld(
    sealed(7, { at: 1_700_000_000_000, type: 'login.accepted', user: 'ana', version: 3 }),
  );
  const value = JSON.parse(event.json);
  assert.equal(problemsOf(value), '');
  assert.deepEqual(value.data, { index: 7, hash: HASH });
  assert.ok(!event.json.includes('ana') && !event.json.includes('login'));
});

test('types are chosen one by one, by what they begin with, or all', () => {
  const some = formOf({ types: ['transaction.*', 'login.refused'] });
  assert.deepEqual(
    ['transaction.approved', 'login.refused', 'login.accepted', 'admin.user_disabled'].map((type) =>
      some.selects(type),
    ),
    [true, true, false, false],
  );
  assert.ok(formOf().selects('admin.user_disabled'));
  assert.ok(!formOf({ types: [] }).selects('login.accepted'));
});

test('the schema refuses what no event is', () => {
  const good = JSON.parse(
    formOf().of(sealed(7, { at: 0, type: 'login.accepted', user: 'ana', version: 3 })).json,
  );
  assert.equal(problemsOf(good), '');
  for (const change of [
    { specversion: '0.3' },
    { id: '07' },
    { type: 'login.accepted' },
    { subject: undefined },
    { data: { ...good.data, hash: 'x' } },
    { data: { index: 7, hash: HASH } },
    { type: 'sello.withheld' },
    { more: 1 },
  ])
    assert.notEqual(
      problemsOf(JSON.parse(JSON.stringify({ ...good, ...change }))),
      '',
      JSON.stringify(change),
    );
});

test('asyncapi.yaml: every reference leads somewhere, and each example is an event', () => {
  const document = parse(read('docs/asyncapi.yaml'));
  assert.equal(document.asyncapi, '3.0.0');
  const references = [...read('docs/asyncapi.yaml').matchAll(/\$ref: '([^']+)'/g)].map(
    ([, target = '']) => target,
  );
  for (const target of references) {
    if (target.startsWith('./')) assert.ok(read(join('docs', target)));
    else {
      const found = target
        .slice(2)
        .split('/')
        .reduce((inner, name) => inner?.[name], document);
      assert.ok(found, target);
    }
  }
  const { examples } = document.components.messages.event;
  assert.equal(examples.length, 2);
  for (const { headers, payload } of examples) {
    assert.equal(problemsOf(payload), '');
    assert.deepEqual(headers, { index: payload.id, type: payload.type });
  }
});

test('docs/events.md names every type of entry, and its example is an event', () => {
  const page = read('docs/events.md');
  const types = new Set(TYPES);
  for (const file of globSync('src/application/**/*.ts', { cwd: ROOT })) {
    for (const [, type = ''] of read(file).matchAll(/type: '(admin\.[a-z_]+)'/g)) types.add(type);
  }
  assert.ok(types.size > 25);
  const named = [...types].filter((type) => !type.startsWith('admin.') && !page.includes(`\`${type}\``));
  assert.deepEqual(named, []);
  const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
  const value = JSON.parse(example);
  assert.equal(problemsOf(value), '');
});

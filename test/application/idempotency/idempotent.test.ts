/*
 * Goal: idempotency works alike for every use case: what is recorded, who is answered from the record, what is sealed.
 * Method: the test calls the wrapped job as the decider does, with and without a record in the facts.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Context } from '../../../src/application/context.ts';
import type { ChainedEntry, Draft, Facts, Proposal } from '../../../src/application/decisions/job.ts';
import {
  idempotent,
  type RepeatableJob,
  wholeResult,
} from '../../../src/application/idempotency/idempotent.ts';
import { secretCodec } from '../../../src/application/idempotency/sealed-secret.ts';
import type { User } from '../../../src/application/users/user.ts';
import { isRefusal, type Refusal, refuse } from '../../../src/domain/errors.ts';
import type { IdempotencyRecord, SideRow } from '../../../src/ports/store.ts';

interface Made {
  readonly id: string;
  readonly secret: string;
  readonly repeated?: boolean;
}

const AT = 7;
const IDEMPOTENCY = { key: 'k', digest: 'd' };
const MADE: Made = { id: 'one', secret: 'the secret' };
const NEW: Facts = { at: AT, isSpent: () => false, idempotencyRecord: undefined };
const ENTRY = { version: 2, hash: 'h' } as ChainedEntry;
const USER = { id: 1 } as User;
const OWN_ROW: SideRow = { kind: 'session.delete', userId: 1, sessionId: 's' };

function after(record: Partial<IdempotencyRecord>): Facts {
  return { ...NEW, idempotencyRecord: { digest: 'd', answer: JSON.stringify(MADE), at: AT, ...record } };
}

function jobOf(more: Partial<RepeatableJob<Made | Refusal>> = {}, proposal?: Proposal<Made | Refusal>) {
  const draft: Draft = { type: 'token.enrolled', state: {}, rows: [OWN_ROW] };
  const asked: string[] = [];
  const job: RepeatableJob<Made | Refusal> = {
    userId: 1,
    evidence: () => {
      asked.push('evidence');
      return [];
    },
    decide: () => {
      asked.push('decide');
      return proposal ?? { result: MADE, draft };
    },
    ...more,
  };
  return { job, asked };
}

function rowsOf({ draft }: Proposal<unknown>): readonly SideRow[] {
  return [...(draft?.rows ?? []), ...(draft?.rowsOfEntry?.(ENTRY) ?? [])];
}

test('without a key it is the job itself', () => {
  const { job } = jobOf();
  assert.equal(idempotent(job, undefined, wholeResult<Made>()), job);
});

describe('a new key', () => {
  test('the result is kept with the entry, after the job’s own rows', () => {
    const { job } = jobOf();
    const wrapped = idempotent(job, IDEMPOTENCY, wholeResult<Made>());
    assert.equal(wrapped.idempotencyKey, 'k');
    const proposal = wrapped.decide(USER, NEW, []);
    assert.deepEqual(proposal.result, MADE);
    const record = { ...IDEMPOTENCY, answer: JSON.stringify(MADE), at: AT };
    assert.deepEqual(rowsOf(proposal), [OWN_ROW, { kind: 'idempotency.insert', userId: 1, ...record }]);
  });

  test('a result that is complete only with its entry is kept complete', () => {
    const draft: Draft = { type: 'token.enrolled', state: {}, rowsOfEntry: () => [OWN_ROW] };
    const { job } = jobOf({}, { result: MADE, draft });
    const keep = (made: Made, { hash }: ChainedEntry) => ({ ...made, id: hash });
    const wrapped = idempotent(job, IDEMPOTENCY, { keep, again: (kept: Made) => kept });
    const [, row] = rowsOf(wrapped.decide(USER, NEW, []));
    assert.equal(row?.kind === 'idempotency.insert' && JSON.parse(row.answer).id, 'h');
  });

  test('a refusal is not kept, with an entry or without; nor a result without an entry', () => {
    const refused = refuse('code_wrong');
    const draft: Draft = { type: 'code.refused', state: {}, rows: [OWN_ROW] };
    for (const proposal of [{ result: refused, draft }, { result: refused }, { result: MADE }]) {
      const decided = idempotent(jobOf({}, proposal).job, IDEMPOTENCY, wholeResult<Made>()).decide(
        USER,
        NEW,
        [],
      );
      assert.deepEqual(decided, proposal);
    }
  });
});

describe('a repeat', () => {
  test('is answered from the record: nothing is evaluated, decided or written', () => {
    const { job, asked } = jobOf();
    const wrapped = idempotent(job, IDEMPOTENCY, wholeResult<Made>());
    assert.deepEqual(wrapped.evidence?.(USER, after({})), []);
    assert.deepEqual(wrapped.decide(USER, after({}), []), { result: { ...MADE, repeated: true } });
    assert.deepEqual(asked, []);
  });

  test('with other content is refused', () => {
    const { job, asked } = jobOf();
    const wrapped = idempotent(job, IDEMPOTENCY, wholeResult<Made>());
    const { result, draft } = wrapped.decide(USER, after({ digest: 'other' }), []);
    assert.deepEqual([result, draft, asked], [refuse('idempotency_mismatch'), undefined, []]);
  });

  test('a caller whose session has ended learns neither the record nor its mismatch', () => {
    const ended = refuse('session_ended');
    for (const record of [{}, { digest: 'other' }]) {
      const { job, asked } = jobOf({ admits: () => false }, { result: ended });
      const wrapped = idempotent(job, IDEMPOTENCY, wholeResult<Made>());
      assert.deepEqual(wrapped.evidence?.(USER, after(record)), []);
      assert.deepEqual(wrapped.decide(USER, after(record), []), { result: ended });
      assert.deepEqual(asked, ['decide']);
    }
  });
});

describe('a secret', () => {
  const context = {
    vault: {
      deriveKeys: async (_: string, label: string) => [
        { version: 1, createdAt: 0, key: Buffer.alloc(32, label) },
      ],
    },
    random: { bytes: (count: number) => new Uint8Array(count).fill(5) },
  } as unknown as Context;
  const codec = (userId: number, key: string) =>
    secretCodec<'secret', Made>(context, userId, { key, digest: 'd' }, 'secret', String);

  test('is stored sealed and returned to a repeat', async () => {
    const { keep, again } = await codec(1, 'k');
    const kept = keep(MADE, ENTRY);
    assert.ok(!JSON.stringify(kept).includes(MADE.secret));
    assert.ok(!JSON.stringify(kept).includes(Buffer.from(MADE.secret).toString('base64url')));
    assert.equal(kept.id, MADE.id);
    assert.deepEqual(again(kept), { ...MADE, repeated: true });
  });

  test('opens for its user and key alone, and not when it was changed', async () => {
    const { keep, again } = await codec(1, 'k');
    const kept = keep(MADE, ENTRY);
    for (const other of [await codec(2, 'k'), await codec(1, 'K')]) assert.throws(() => other.again(kept));
    const changed = kept.secret.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    assert.throws(() => again({ ...kept, secret: changed }));
  });

  test('given as bytes is returned as bytes', async () => {
    const seed = Uint8Array.of(0, 255, 7);
    const { keep, again } = await secretCodec<'seed', { readonly seed: Uint8Array }>(
      context,
      1,
      IDEMPOTENCY,
      'seed',
      (bytes) => bytes,
    );
    const told = again(JSON.parse(JSON.stringify(keep({ seed }, ENTRY))));
    assert.ok(!isRefusal(told));
    assert.deepEqual(new Uint8Array(told.seed), seed);
  });
});

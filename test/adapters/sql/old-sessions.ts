/*
 * Goal: what a session has proved survives the introduction of the column `proof`. Older versions store the same as words
 * in `token_id`, and on PostgreSQL they run beside this version.
 * Method: rows as an older version writes them, before and after the migration; rows of this version, read by the old rule.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SessionProof, SessionRow, Store } from '../../../src/ports/store.ts';
import { Chain, digestOf, session } from '../../contract/chain.ts';

export interface OldRow {
  readonly user_id: number;
  readonly session_id: string;
  readonly kind: SessionRow['kind'];
  readonly token_id: string;
}

/** A database whose tables do not have the column yet, and whose user 1 has no session. */
export interface OldDatabase {
  /** Inserts as a version before does: without the column. */
  insert(row: OldRow): Promise<void>;
  /** Migrates, then opens a store. */
  upgrade(): Promise<Store>;
  /** Selects as a version before does. */
  select(): Promise<readonly OldRow[]>;
  dispose(): Promise<void>;
}

const USER_ID = 1;

/** What is stored and what it means, to versions before and to this one. */
const CASES: readonly (readonly [SessionRow['kind'], tokenId: string, SessionProof])[] = [
  ['login', '', 'second_factor'],
  ['login', 'none', 'code_omitted'],
  ['login', 'password', 'code_unavailable'],
  ['login', 'before', 'no_token'],
  ['enrolment', '', 'second_factor'],
  ['enrolment', 'before', 'no_token'],
  ['device', 'a-token', 'second_factor'],
];

const rowOf = ([kind, tokenId]: (typeof CASES)[number], name: string): OldRow => ({
  ...{ user_id: USER_ID, session_id: digestOf(`${name} ${kind} ${tokenId}`), kind, token_id: tokenId },
});

export function oldSessionsContract(name: string, create: () => Promise<OldDatabase>): void {
  describe(`${name}: sessions of versions before the column proof`, () => {
    test('rows of before the migration, and of a version before after it, count as they did', async (t) => {
      const old = await create();
      t.after(() => old.dispose());
      for (const each of CASES) await old.insert(rowOf(each, 'early'));
      // A word that no version writes: neither proven nor any of the other three.
      await old.insert(rowOf(['login', 'unknown', 'no_token'], 'early'));
      const store = await old.upgrade();
      for (const each of CASES) await old.insert(rowOf(each, 'late'));

      const [user] = await store.load([USER_ID], 0);
      const found = new Map(user?.sessions.map((row) => [row.sessionId, row]));
      assert.equal(found.size, 2 * CASES.length + 1);
      for (const age of ['early', 'late'])
        for (const each of CASES) {
          const [kind, tokenId, proof] = each;
          const row = found.get(rowOf(each, age).session_id);
          assert.deepEqual([row?.kind, row?.proof], [kind, proof], `${age} ${kind} '${tokenId}'`);
          assert.equal(row?.tokenId, kind === 'device' ? tokenId : '');
        }
      const unknown = found.get(rowOf(['login', 'unknown', 'no_token'], 'early').session_id);
      assert.equal(unknown?.proof, 'no_token');
    });

    test('a row of this version means the same to a version before', async (t) => {
      const old = await create();
      t.after(() => old.dispose());
      const store = await old.upgrade();
      const chain = new Chain(USER_ID);
      const rows = CASES.map(([kind, tokenId, proof]) =>
        session(USER_ID, `${kind} ${proof}`, { kind, proof, tokenId: kind === 'device' ? tokenId : '' }),
      );
      await store.append([
        chain.next({ rows: rows.map((row) => ({ kind: 'session.insert', session: row })) }),
      ]);
      assert.deepEqual(
        new Set((await old.select()).map(({ kind, token_id }) => `${kind} ${token_id}`)),
        new Set(CASES.map(([kind, tokenId]) => `${kind} ${tokenId}`)),
      );
      const loaded = (await store.load([USER_ID], 0))[0]?.sessions ?? [];
      assert.deepEqual(new Map(loaded.map((row) => [row.sessionId, row])), bySessionId(rows));
    });
  });
}

function bySessionId(rows: readonly SessionRow[]): Map<string, SessionRow> {
  return new Map(rows.map((row) => [row.sessionId, row]));
}

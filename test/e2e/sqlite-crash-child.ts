/**
 * Appends decisions until it stops itself at a named step, as a kill -9 would. Run by sqlite-crash.test.ts.
 *
 *     node sqlite-crash-child.ts PATH STEP OCCURRENCE
 *
 * Each acknowledged batch is one line on the standard output: `USER VERSION,USER VERSION,…`.
 */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { openSqliteStore } from '../../src/adapters/sqlite/store.ts';
import type { Decision, SideRow } from '../../src/ports/store.ts';
import { answer, Chain, session, token, transaction } from '../contract/chain.ts';

const USERS = 600;
const [path = '', step = '', occurrence = '1'] = process.argv.slice(2);

let left = Number(occurrence);
const store = await openSqliteStore({
  path,
  // Sweeps come round often, so that every step of the write-behind is met soon.
  sweepEntriesMin: 300,
  onStep(reached) {
    if (reached === step && --left === 0) process.kill(process.pid, 'SIGKILL');
  },
});

async function append(decisions: readonly Decision[]): Promise<void> {
  const outcomes = await store.append(decisions);
  const acknowledged = decisions.filter((_, index) => outcomes[index] === 'appended');
  writeSync(1, `${acknowledged.map(({ entry }) => `${entry.userId} ${entry.version}`).join()}\n`);
}

/** Rows of every kind now and then; each names its entry, so that the test can ask whether both are there. */
function rowsFor(chain: Chain): readonly SideRow[] {
  const { userId } = chain;
  const name = `${userId}/${chain.version + 1}`;
  switch ((userId + chain.version) % 5) {
    case 0:
      return [answer(userId, name)];
    case 1:
      return [
        { kind: 'session.insert', session: session(userId, name) },
        { kind: 'token.insert', token: token(userId, name) },
        answer(userId, name),
      ];
    case 2:
      return [{ kind: 'transaction.insert', transaction: transaction(userId, name) }];
    default:
      return [];
  }
}

/** What was asked for by the entry before is approved by this one. */
function decisionOf(chain: Chain, at: number): Decision {
  const { userId, version } = chain;
  if (version > 1 && (userId + version) % 5 === 3)
    return chain.approval(transaction(userId, `${userId}/${version}`), at);
  return chain.next({ at, rows: rowsFor(chain) });
}

const chains = (await store.allocateUserIds(USERS)).map((userId) => new Chain(userId));
for (let from = 0; from < USERS; from += 100) {
  await append(chains.slice(from, from + 100).map((chain) => chain.registration()));
}
for (let round = 0; round < 400; round++) {
  const from = (round * 97) % USERS;
  const some = chains.slice(from, from + 1 + ((round * 13) % 60));
  const decisions = some.map((chain) => decisionOf(chain, 2_000 + round));
  const [first] = some;
  // One in three batches has a decision that is refused for its name.
  if (first && round % 3 === 0) decisions.push(new Chain(USERS + 1, first.username).registration());
  await append(decisions);
  // Now and then nothing comes for a while, and the heads are written meanwhile.
  if (round % 40 === 39) await setTimeout(200);
}
await store.close();
writeSync(1, 'closed\n');

/**
 * Keeps a table of each user's transactions from the events on Apache Pulsar, each event applied once. Needs Node 24 or later and
 * nothing else: it uses the broker's WebSocket API.
 *
 *     node examples/events-consumer.ts                        follows the topic, until Ctrl-C
 *     node examples/events-consumer.ts --until 4711           ends after event 4711
 *     node examples/events-consumer.ts --replay --until 4711  makes the table anew, from the first event: it is the same
 *
 * The broker has every event once, but an acknowledgement can be lost, and then it comes again. So the index is written to a
 * table of its own in the transaction of the effect, and what is in it already has no second effect.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';

const URL_ = process.env.PULSAR_WEB_URL ?? 'ws://127.0.0.1:8080';
const TOPIC = process.env.PULSAR_TOPIC ?? 'persistent://public/default/sello-journal';
const TOKEN = process.env.PULSAR_TOKEN;
const DATABASE = process.env.DATABASE ?? 'transactions.sqlite';
/** How many events the broker may send ahead. */
const PERMITS = 500;
/** What each type makes of a transaction. */
const STATUS: Readonly<Record<string, string>> = {
  'sello.transaction.requested': 'pending',
  'sello.transaction.approved': 'approved',
  'sello.transaction.refused': 'refused',
  'sello.transaction.expired': 'expired',
  'sello.transaction.cancelled': 'cancelled',
};

interface Event {
  readonly type: string;
  readonly subject: string;
  readonly data: {
    readonly index: number;
    readonly body: {
      readonly transaction: {
        readonly id: string;
        readonly payee?: string;
        readonly amount: string;
        readonly currency: string;
      };
    };
  };
}

const { values } = parseArgs({
  options: {
    subscription: { type: 'string', default: 'transactions-node' },
    replay: { type: 'boolean', default: false },
    until: { type: 'string' },
  },
});
const until = values.until === undefined ? Number.POSITIVE_INFINITY : Number(values.until);
// A replay reads by a subscription of its own, from the first event, and leaves the other one where it is.
const subscription = values.replay ? `${values.subscription}-replay-${Date.now()}` : values.subscription;

if (values.replay) for (const suffix of ['', '-wal', '-shm']) rmSync(DATABASE + suffix, { force: true });
const database = new DatabaseSync(DATABASE);
database.exec(`
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS applied (event INTEGER PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS transactions (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, payee TEXT, amount TEXT NOT NULL, currency TEXT NOT NULL,
    status TEXT NOT NULL, event INTEGER NOT NULL);
`);
const seen = database.prepare('INSERT OR IGNORE INTO applied VALUES (?)');
const store = database.prepare(
  `INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, event = excluded.event`,
);

/** Writes the effect and the index of the event together. Returns whether it was new. */
function apply({ type, subject, data }: Event): boolean {
  database.exec('BEGIN IMMEDIATE');
  try {
    const isNew = seen.run(data.index).changes === 1;
    const status = STATUS[type];
    if (isNew && status !== undefined) {
      const { id, payee, amount, currency } = data.body.transaction;
      store.run(id, subject, payee ?? null, amount, currency, status, data.index);
    }
    database.exec('COMMIT');
    return isNew;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** The same for the same table, in whatever order it came to be. */
function digest(): { readonly transactions: number; readonly sha256: string } {
  const rows = database
    .prepare('SELECT id, user, payee, amount, currency, status, event FROM transactions ORDER BY id')
    .all()
    .map((row) => Object.values(row));
  return {
    transactions: rows.length,
    sha256: createHash('sha256').update(JSON.stringify(rows)).digest('hex'),
  };
}

let repeated = 0;
function end(): void {
  console.log(JSON.stringify({ ...digest(), repeated }));
  process.exit(0);
}
process.once('SIGINT', end);

function follow(): void {
  const path = TOPIC.replace('://', '/');
  const query = new URLSearchParams({
    subscriptionType: 'Failover',
    subscriptionInitialPosition: 'Earliest',
    pullMode: 'true',
    ...(TOKEN === undefined ? {} : { token: TOKEN }),
  });
  const socket = new WebSocket(`${URL_}/ws/v2/consumer/${path}/${subscription}?${query}`);
  let open = 0;
  const permit = () => {
    socket.send(JSON.stringify({ type: 'permit', permitMessages: PERMITS - open }));
    open = PERMITS;
  };
  socket.onopen = permit;
  socket.onmessage = ({ data }) => {
    const { messageId, payload } = JSON.parse(data);
    const event: Event = JSON.parse(Buffer.from(payload, 'base64').toString());
    if (!apply(event)) repeated++;
    // After the commit: a crash between the two brings the event again, and it has no second effect.
    socket.send(JSON.stringify({ messageId }));
    if (event.data.index >= until) {
      socket.onclose = end;
      socket.close();
      return;
    }
    open--;
    if (open < PERMITS / 2) permit();
  };
  // What is not acknowledged comes again.
  socket.onclose = () => setTimeout(follow, 1_000);
}

const last = database.prepare('SELECT max(event) AS event FROM applied').get()?.event;
if (Number(last ?? -1) >= until) end();
else follow();

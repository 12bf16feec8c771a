import type { SideTable, SideTableRows, UserHead } from '../../../ports/journal-reader.ts';
import { type ServiceKey, SYSTEM_USER_ID, type UserId } from '../../../ports/store.ts';
import { shortPasskeyId } from '../../passkeys/short-passkey-id.ts';
import { idOfServiceKey } from '../../services/service-keys.ts';
import { shortSessionId } from '../../sessions/short-session-id.ts';
import { type ExpectedRows, rowKey } from './expected-rows.ts';
import {
  datasetDigest,
  datasetKey,
  identityDigest,
  passkeyDigest,
  serviceDigest,
  sessionDigest,
  textDigest,
  tokenDigest,
  transactionDigest,
  userDigest,
  webhookDigest,
} from './recorded-rows.ts';
import { outcomeOf, transactionInPart } from './transaction-outcome.ts';

/** A row that does not follow from the entries. */
export interface RowFault {
  readonly table: SideTable;
  readonly userId: UserId;
  /** The row's key within its user, as entries name it. */
  readonly key: string;
  /** In words, for the operator. */
  readonly detail: string;
}

/** The tables of a store, and where each user's entries end now. */
export interface SideTables {
  sideRows<Table extends SideTable>(table: Table): AsyncIterable<SideTableRows[Table]>;
  heads(): AsyncIterable<UserHead>;
}

export interface RowsVerdict {
  readonly rows: number;
  /** The first fault of each user, in the order of tables. */
  readonly faults: readonly RowFault[];
  /** Users whose entries went on during the check and whose rows have changed since: they were not compared. */
  readonly changedMeanwhile: number;
  /** Numbers of entries whose transaction has no row. */
  readonly transactionsMissing: readonly number[];
}

/** Faults kept; there may be more. */
const FAULTS_MAX = 1_000;

/**
 * Compares the rows of the tables with what the entries say they are.
 * @param versionOf the version up to which a user's entries were read
 */
export async function compareRows(
  expected: ExpectedRows,
  tables: SideTables,
  versionOf: (userId: UserId) => number,
): Promise<RowsVerdict> {
  const comparison = new Comparison(expected);
  await comparison.run(tables);
  const { found } = comparison;
  let changedMeanwhile = 0;
  for await (const { userId, version } of tables.heads()) {
    if (found.has(userId) && version > versionOf(userId)) {
      found.delete(userId);
      changedMeanwhile++;
    }
  }
  const transactionsMissing: number[] = [];
  for (const entry of expected.transactions.missing()) {
    if (transactionsMissing.push(entry) === FAULTS_MAX) break;
  }
  return { rows: comparison.rows, faults: [...found.values()], changedMeanwhile, transactionsMissing };
}

class Comparison {
  readonly found = new Map<UserId, RowFault>();
  rows = 0;
  readonly #expected: ExpectedRows;

  constructor(expected: ExpectedRows) {
    this.#expected = expected;
  }

  async run(tables: SideTables): Promise<void> {
    await this.#users(tables);
    await this.#tokens(tables);
    await this.#passkeys(tables);
    await this.#sessions(tables);
    await this.#services(tables);
    await this.#webhooks(tables);
    await this.#datasets(tables);
    await this.#identities(tables);
    await this.#transactions(tables);
  }

  #fault(table: SideTable, userId: UserId, key: string, detail: string): void {
    if (this.found.size < FAULTS_MAX && !this.found.has(userId)) {
      this.found.set(userId, { table, userId, key, detail });
    }
  }

  async #users(tables: SideTables): Promise<void> {
    const left = new Set(this.#expected.users.keys());
    for await (const row of tables.sideRows('users')) {
      this.rows++;
      const { userId, username } = row;
      left.delete(userId);
      const wanted = this.#expected.users.get(userId);
      const fault = (detail: string) => this.#fault('users', userId, username, detail);
      if (!wanted) fault('no entry registered this user');
      else if (differs(wanted.name, username)) fault(`the entries name this user ${wanted.name}`);
      else if (differs(wanted.nameDigest, textDigest(username)))
        fault('its name is not the one that an entry gave it');
      else if (differs(wanted.digest, userDigest(row)))
        fault('its id or its time is not that of its first entry');
      else if (differs(wanted.role, row.role))
        fault(`its role is ${row.role}, and the entries say ${wanted.role}`);
      else if (differs(wanted.disabled, row.disabled ? '1' : '0'))
        fault(`it is ${row.disabled ? '' : 'not '}disabled, which the entries contradict`);
      else if (differs(wanted.password, textDigest(row.passwordHash)))
        fault('its password is not the one that an entry set');
    }
    for (const userId of left)
      this.#fault('users', userId, this.#expected.users.get(userId)?.name ?? '', MISSING);
  }

  async #tokens(tables: SideTables): Promise<void> {
    const left = new Set(this.#expected.tokens.keys());
    for await (const row of tables.sideRows('tokens')) {
      this.rows++;
      const { userId, tokenId, status, activationQuestion } = row;
      const key = rowKey(userId, tokenId);
      left.delete(key);
      const wanted = this.#expected.tokens.get(key);
      const fault = (detail: string) => this.#fault('tokens', userId, tokenId, detail);
      if (!wanted) fault('no entry enrolled it');
      else if (!wanted.statuses.includes(status))
        fault(`it is ${status}, and the entries say ${wanted.statuses.join(' or ')}`);
      else if (differs(wanted.digest, tokenDigest(row))) fault('it is not as it was enrolled');
      else if (differs(wanted.question, activationQuestion && textDigest(activationQuestion)))
        fault('its question is not the one that it was enrolled with');
    }
    for (const key of left) this.#missing('tokens', key);
  }

  async #passkeys(tables: SideTables): Promise<void> {
    const left = new Set(this.#expected.passkeys.keys());
    for await (const row of tables.sideRows('passkeys')) {
      this.rows++;
      const { userId, signCount } = row;
      const id = shortPasskeyId(row);
      const key = rowKey(userId, id);
      left.delete(key);
      const wanted = this.#expected.passkeys.get(key);
      const fault = (detail: string) => this.#fault('passkeys', userId, id, detail);
      if (!wanted) fault('no entry registered it');
      else if (differs(wanted.digest, passkeyDigest(row))) fault('it is not as it was registered');
      else if (differs(wanted.count, String(signCount)))
        fault('its counter is not the one that the entries say');
    }
    for (const key of left) this.#missing('passkeys', key);
  }

  /** Expired sessions open nothing and are deleted at any time, so they are not compared. */
  async #sessions(tables: SideTables): Promise<void> {
    const { sessions, latestAt } = this.#expected;
    const seen = new Set<string>();
    for await (const row of tables.sideRows('sessions')) {
      this.rows++;
      const { userId, createdAt, expiresAt } = row;
      const id = shortSessionId(row);
      const wanted = sessions.get(userId)?.get(id);
      const fault = (detail: string) => this.#fault('sessions', userId, id, detail);
      if (wanted) {
        seen.add(rowKey(userId, id));
        if (wanted.digest !== sessionDigest(row))
          fault('it is not as an entry opened it, or changed it last');
      } else if (expiresAt >= latestAt && createdAt > this.#expected.sessionsUnknownUntil(userId))
        fault('no entry opened it, or one ended it');
    }
    for (const [userId, own] of sessions) {
      for (const [id, { expiresAt }] of own) {
        if (expiresAt >= latestAt && !seen.has(rowKey(userId, id)))
          this.#fault('sessions', userId, id, MISSING);
      }
    }
  }

  async #services(tables: SideTables): Promise<void> {
    const left = new Set(this.#expected.services.keys());
    for await (const row of tables.sideRows('services')) {
      this.rows++;
      const { name } = row;
      left.delete(name);
      const wanted = this.#expected.services.get(name);
      const fault = (detail: string) => this.#fault('services', SYSTEM_USER_ID, name, detail);
      if (!wanted) fault('no entry created it');
      else if (differs(wanted.scopes, row.scopes.join(' ')))
        fault('its scopes are not those that an entry set');
      else if (wanted.disabled !== undefined && wanted.disabled !== row.disabled)
        fault(`it is ${row.disabled ? '' : 'not '}disabled, which the entries contradict`);
      else if (differs(wanted.digest, serviceDigest(row)))
        fault('its keys, scopes or state are not those that an entry set');
      else if (row.keys.some((key) => (key.expiresAt ?? 0) !== this.#expiryOf(key)))
        fault('a key of it does not expire when the entry that made it says');
    }
    for (const name of left) this.#fault('services', SYSTEM_USER_ID, name, MISSING);
  }

  #expiryOf(key: ServiceKey): number {
    return this.#expected.keyExpiries.get(idOfServiceKey(key)) ?? 0;
  }

  async #webhooks(tables: SideTables): Promise<void> {
    const left = new Set(this.#expected.webhooks.keys());
    for await (const row of tables.sideRows('webhooks')) {
      this.rows++;
      const { webhookId } = row;
      left.delete(webhookId);
      const wanted = this.#expected.webhooks.get(webhookId);
      const fault = (detail: string) => this.#fault('webhooks', SYSTEM_USER_ID, webhookId, detail);
      if (wanted === undefined) fault('no entry created it');
      else if (differs(wanted, webhookDigest(row)))
        fault('its address, types, state or secrets are not those that an entry set');
    }
    for (const id of left) this.#fault('webhooks', SYSTEM_USER_ID, id, MISSING);
  }

  async #datasets(tables: SideTables): Promise<void> {
    const left = new Set(this.#expected.datasets.keys());
    for await (const row of tables.sideRows('datasets')) {
      this.rows++;
      const { status, changedAt, seed } = row;
      const key = datasetKey(row);
      left.delete(key);
      const wanted = this.#expected.datasets.get(key);
      const fault = (detail: string) => this.#fault('datasets', SYSTEM_USER_ID, key, detail);
      if (!wanted) fault('no entry made it');
      else if (differs(wanted.digest, datasetDigest(row))) fault('it is not as it was made');
      else if (differs(wanted.status, status)) fault(`it is ${status}, and the entries say ${wanted.status}`);
      else if (differs(wanted.changed, String(changedAt)))
        fault('it was not retired or destroyed when the entries say');
      else if ((status === 'destroyed') !== (seed === ''))
        fault(seed === '' ? 'its seed is gone' : 'its destroyed seed is there');
    }
    for (const key of left) this.#fault('datasets', SYSTEM_USER_ID, key, MISSING);
  }

  async #identities(tables: SideTables): Promise<void> {
    const left = new Set(this.#expected.identities.keys());
    for await (const row of tables.sideRows('identities')) {
      this.rows++;
      const { userId, version, level, seen, verifiedBy, revokedAt, revokedReason } = row;
      const key = rowKey(userId, String(version));
      left.delete(key);
      const wanted = this.#expected.identities.get(key);
      const fault = (detail: string) => this.#fault('identities', userId, String(version), detail);
      const found: readonly (readonly [column: string, value: string])[] = [
        ['level', level],
        ['seen', seen && textDigest(seen)],
        ['verifier', verifiedBy && textDigest(verifiedBy)],
        ['revoked', revokedAt === 0 ? '' : String(revokedAt)],
        ['reason', revokedReason],
      ];
      const said = wanted?.columns;
      const wrong = said && found.find(([column, value]) => (said[column] ?? '') !== value);
      if (!wanted) fault('no entry enrolled it');
      else if (differs(wanted.digest, identityDigest(row)))
        fault('its keys are not those that were enrolled');
      else if (wrong) fault(`its ${wrong[0]} is not the one that the entries say`);
    }
    for (const key of left) this.#missing('identities', key);
  }

  async #transactions(tables: SideTables): Promise<void> {
    for await (const row of tables.sideRows('transactions')) {
      this.rows++;
      const { userId, transactionId, amount, challenge, currency, payee, payer, serviceId } = row;
      const recorded = { amount, challenge, currency, id: transactionId, payee, payer, v: 1 } as const;
      const verdict = this.#expected.transactions.compare(rowKey(userId, transactionId), {
        digest: transactionDigest(row),
        digestInPart: transactionInPart(recorded, serviceId),
        outcome: outcomeOf(row),
      });
      if (verdict !== 'same') this.#fault('transactions', userId, transactionId, TRANSACTION[verdict]);
    }
  }

  #missing(table: SideTable, key: string): void {
    const slash = key.indexOf('/');
    this.#fault(table, Number(key.slice(0, slash)), key.slice(slash + 1), MISSING);
  }
}

const MISSING = 'it is missing';

const TRANSACTION = {
  unknown: 'no entry requested it',
  request_differs: 'it is not what its entry of request says',
  outcome_differs: 'how it ended is not what the entries say',
} as const;

/** Whether the entries say something else. What they do not say is not compared. */
function differs(said: string | undefined, found: string): boolean {
  return said !== undefined && said !== found;
}

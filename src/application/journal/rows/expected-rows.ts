import type { RecordedBody } from '../../../domain/journal/entry.ts';
import { SYSTEM_USER_ID, type UserId } from '../../../ports/store.ts';
import { deviceIdOf, logInTokenId } from '../../tokens/device.ts';
import { removedName } from '../../users/username.ts';
import { ExpectedTransactions } from './expected-transactions.ts';
import { textDigest, userDigest } from './recorded-rows.ts';
import { parseRowChanges, type RowChange } from './row-change.ts';
import { outcomeOf, transactionInPart } from './transaction-outcome.ts';

/** What the journal says of a row. Undefined is what it does not say: an entry of an earlier version wrote the row. */
export interface ExpectedUser {
  digest?: string;
  /** Undefined where an entry says its digest. */
  name: string | undefined;
  nameDigest?: string;
  role?: string;
  disabled?: string;
  password?: string;
}
export interface ExpectedToken {
  digest?: string;
  type?: string;
  /** Where an earlier version revoked it without saying so, it may be. */
  statuses: readonly string[];
  question?: string;
}
export interface ExpectedSession {
  readonly digest: string;
  readonly expiresAt: number;
}
export interface ExpectedPasskey {
  digest?: string;
  count?: string;
}
export interface ExpectedIdentity {
  digest?: string;
  /** By the names of `recordedRows`. Empty columns are left out. */
  readonly columns?: Record<string, string>;
}
export interface ExpectedDataset {
  digest?: string;
  status?: string;
  changed?: string;
}
export interface ExpectedService {
  digest?: string;
  scopes?: string;
  disabled?: boolean;
}

const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Builds what the other tables must hold from the entries, in the journal's order. Each entry must have been verified. Keeps
 * some hundred bytes for each user, token, passkey, service and live session, and 33 for each requested transaction.
 */
export class ExpectedRows {
  /** The system user is there from the start. */
  readonly users = new Map<UserId, ExpectedUser>([
    [
      SYSTEM_USER_ID,
      {
        digest: userDigest({ userId: SYSTEM_USER_ID, createdAt: 0 }),
        ...{ name: 'system', role: 'admin', disabled: '0', password: textDigest('') },
      },
    ],
  ]);
  /** By user and id (`rowKey`). */
  readonly tokens = new Map<string, ExpectedToken>();
  readonly sessions = new Map<UserId, Map<string, ExpectedSession>>();
  readonly passkeys = new Map<string, ExpectedPasskey>();
  readonly services = new Map<string, ExpectedService>();
  /** When keys of services expire, by the id of the key (`idOfServiceKey`), ms since 1970. Others never do. */
  readonly keyExpiries = new Map<string, number>();
  /** Digests, by id. */
  readonly webhooks = new Map<string, string>();
  /** By name and version. */
  readonly datasets = new Map<string, ExpectedDataset>();
  /** By user and version. */
  readonly identities = new Map<string, ExpectedIdentity>();
  readonly transactions = new ExpectedTransactions();
  /** When an earlier version last opened a session of a user, ms since 1970: sessions of until then are not known. */
  readonly #sessionsUnknownUntil = new Map<UserId, number>();
  /** The time of the latest entry, ms since 1970. */
  latestAt = 0;

  /** @param entry its number in reading order, from 1 */
  add(userId: UserId, body: RecordedBody, entry: number): void {
    const at = Date.parse(body.at);
    this.latestAt = Math.max(this.latestAt, at);
    this.#say(userId, body);
    const { rows } = body.detail ?? {};
    if (typeof rows !== 'string') this.#addInPart(userId, body, entry);
    else for (const change of parseRowChanges(rows)) this.#apply(userId, change, body, entry);
    this.#endTransaction(userId, body, at);
  }

  sessionsUnknownUntil(userId: UserId): number {
    return this.#sessionsUnknownUntil.get(userId) ?? NEVER;
  }

  /** What the entry's type says, whichever version wrote it. */
  #say(userId: UserId, { type, user, detail = {} }: RecordedBody): void {
    if (type === 'user.registered') {
      this.users.set(userId, {
        name: user,
        ...(typeof detail.role === 'string' ? { role: detail.role } : {}),
      });
    }
    if (typeof detail.key === 'string' && typeof detail.key_expires_at === 'string')
      this.keyExpiries.set(detail.key, Date.parse(detail.key_expires_at));
    const row = this.users.get(userId);
    if (row && type === 'admin.user_removed') {
      row.name = typeof detail.renamed === 'string' ? detail.renamed : removedName(userId);
    }
  }

  #apply(userId: UserId, change: RowChange, { user, transaction }: RecordedBody, entry: number): void {
    const { act, table, key, column, value, expiresAt } = change;
    switch (table) {
      case 'user': {
        const row = this.users.get(userId) ?? { name: user };
        this.users.set(userId, row);
        if (act === 'insert') row.digest = value;
        else if (column === 'name') {
          row.name = undefined;
          row.nameDigest = value;
        } else if (column === 'role' || column === 'disabled' || column === 'password') row[column] = value;
        break;
      }
      case 'token': {
        const at = rowKey(userId, key);
        const row = this.tokens.get(at) ?? { statuses: [] };
        this.tokens.set(at, row);
        if (act === 'insert') row.digest = value;
        else if (column === 'question') row.question = value;
        else if (column === 'status') {
          row.statuses = [value];
          row.question = '';
        }
        break;
      }
      case 'session': {
        const own = this.sessions.get(userId) ?? new Map<string, ExpectedSession>();
        if (act === 'delete_all') own.clear();
        else if (act === 'delete') own.delete(key);
        else {
          this.#dropExpired(own);
          own.set(key, { digest: value, expiresAt });
        }
        if (own.size === 0) this.sessions.delete(userId);
        else this.sessions.set(userId, own);
        if (act === 'delete_all') this.#sessionsUnknownUntil.delete(userId);
        break;
      }
      case 'passkey': {
        const at = rowKey(userId, key);
        if (act === 'delete') this.passkeys.delete(at);
        else {
          const row = this.passkeys.get(at) ?? {};
          this.passkeys.set(at, row);
          if (act === 'insert') row.digest = value;
          else if (column === 'count') row.count = value;
        }
        break;
      }
      case 'identity': {
        const at = rowKey(userId, key);
        const row: ExpectedIdentity = this.identities.get(at) ?? { columns: {} };
        this.identities.set(at, row);
        if (act === 'insert') row.digest = value;
        else if (row.columns) row.columns[column] = value;
        break;
      }
      case 'transaction':
        if (transaction) {
          const outcome = outcomeOf({ status: 'pending', decidedAt: 0, decidedVersion: 0, reason: '' });
          this.transactions.add(
            rowKey(userId, transaction.id),
            { digest: value, inPart: false, outcome },
            entry,
          );
        }
        break;
      case 'webhook':
        if (act === 'insert') this.webhooks.set(key, value);
        else this.webhooks.delete(key);
        break;
      case 'dataset': {
        const row = this.datasets.get(key) ?? {};
        this.datasets.set(key, row);
        if (act === 'insert') row.digest = value;
        else if (column === 'status' || column === 'changed') row[column] = value;
        break;
      }
      case 'service':
        this.services.set(key, { digest: value });
        break;
    }
  }

  /** Sessions of a user are few, and most expire by themselves: without this a long journal would fill the memory. */
  #dropExpired(own: Map<string, ExpectedSession>): void {
    for (const [key, { expiresAt }] of own) if (expiresAt < this.latestAt) own.delete(key);
  }

  /** How a transaction ended stands in the entry itself. */
  #endTransaction(userId: UserId, body: RecordedBody, decidedAt: number): void {
    const { type, transaction, version, reason = '' } = body;
    if (!transaction) return;
    switch (type) {
      case 'transaction.approved':
      case 'transaction.refused':
      case 'transaction.expired':
      case 'transaction.cancelled': {
        const status = type.slice('transaction.'.length) as 'approved' | 'refused' | 'expired' | 'cancelled';
        const outcome = outcomeOf({ status, decidedAt, decidedVersion: version, reason });
        this.transactions.end(rowKey(userId, transaction.id), outcome);
      }
    }
  }

  /** What an entry says that names no rows: an earlier version wrote it, or it changes none. */
  #addInPart(userId: UserId, body: RecordedBody, entry: number): void {
    const { type, transaction, version, detail = {} } = body;
    const tokenId = typeof detail.token === 'string' ? detail.token : '';
    const at = Date.parse(body.at);
    switch (type) {
      case 'user.registered': {
        const row = this.users.get(userId);
        if (row) row.disabled = '0';
        break;
      }
      case 'admin.user_disabled':
      case 'admin.user_enabled':
      case 'admin.user_removed': {
        const row = this.users.get(userId);
        if (row) row.disabled = type === 'admin.user_enabled' ? '0' : '1';
        if (type === 'admin.user_enabled') break;
        this.sessions.delete(userId);
        this.#sessionsUnknownUntil.delete(userId);
        if (type === 'admin.user_removed') this.#endAll(userId);
        break;
      }
      case 'admin.password_changed': {
        const row = this.users.get(userId);
        if (row) delete row.password;
        this.#forgetSessions(userId, at);
        break;
      }
      case 'token.enrolled':
        if (detail.method === 'passkey') {
          if (typeof detail.passkey === 'string') this.passkeys.set(rowKey(userId, detail.passkey), {});
        } else if (tokenId !== '') {
          const ids = detail.tokens === 2 ? [tokenId, logInTokenId(tokenId)] : [tokenId];
          for (const id of ids) this.tokens.set(rowKey(userId, id), { statuses: WAITING });
        }
        this.#forgetSessions(userId, at);
        break;
      case 'token.activated':
        this.#setStatus(userId, tokenId, 'active');
        this.#forgetSessions(userId, at);
        break;
      case 'token.revoked':
        if (detail.method === 'passkey') this.passkeys.delete(rowKey(userId, String(detail.passkey)));
        else this.#setStatus(userId, tokenId, 'revoked');
        this.#forgetSessions(userId, at);
        break;
      case 'login.accepted': {
        const passkey = this.passkeys.get(rowKey(userId, String(detail.passkey)));
        if (passkey) delete passkey.count;
        this.#forgetSessions(userId, at);
        break;
      }
      case 'code.accepted':
        if (detail.method === 'session') this.#forgetSessions(userId, at);
        break;
      case 'session.ended':
      case 'admin.enrolment_invited':
        this.#forgetSessions(userId, at);
        break;
      case 'transaction.requested':
        if (transaction) {
          const digest = transactionInPart(transaction, detail.service);
          const outcome = outcomeOf({ status: 'pending', decidedAt: 0, decidedVersion: 0, reason: '' });
          this.transactions.add(rowKey(userId, transaction.id), { digest, inPart: true, outcome }, entry);
        }
        break;
      case 'identity.enrolled':
        this.identities.set(rowKey(userId, String(version)), {});
        break;
      case 'dataset.created':
      case 'dataset.rotated':
        this.#retireInPart(String(detail.dataset));
        this.datasets.set(`${detail.dataset}/${detail.version}`, { status: 'active' });
        break;
      case 'dataset.destroyed':
        for (const each of String(detail.versions).split(' '))
          this.datasets.set(`${detail.dataset}/${each}`, { status: 'destroyed' });
        break;
      default:
        if (/^admin\.service_/.test(type)) this.#addServiceInPart(type, detail);
    }
  }

  #retireInPart(dataset: string): void {
    for (const [key, row] of this.datasets) {
      if (key.slice(0, key.lastIndexOf('/')) === dataset && row.status === 'active')
        this.datasets.set(key, {
          ...(row.digest === undefined ? {} : { digest: row.digest }),
          status: 'retired',
        });
    }
  }

  /** The sessions that an earlier version opened, changed or ended here are not known by name. */
  #forgetSessions(userId: UserId, at: number): void {
    this.sessions.delete(userId);
    this.#sessionsUnknownUntil.set(userId, at);
  }

  /** A device's tokens are confirmed and revoked together. */
  #setStatus(userId: UserId, tokenId: string, status: string): void {
    const device = deviceIdOf(tokenId);
    for (const id of new Set([tokenId, device, logInTokenId(device)])) {
      const row = this.tokens.get(rowKey(userId, id));
      const changes = row && (status === 'revoked' || id === tokenId || row.statuses.includes('pending'));
      if (!changes) continue;
      row.statuses = [status];
      row.question = '';
    }
  }

  #endAll(userId: UserId): void {
    const own = `${userId}/`;
    for (const [key, row] of this.tokens) if (key.startsWith(own)) row.statuses = ['revoked'];
    for (const key of this.passkeys.keys()) if (key.startsWith(own)) this.passkeys.delete(key);
  }

  #addServiceInPart(type: string, detail: NonNullable<RecordedBody['detail']>): void {
    const name = String(detail.service);
    const { digest: _, ...row } = this.services.get(name) ?? {};
    if (type === 'admin.service_created')
      this.services.set(name, { scopes: String(detail.scopes), disabled: false });
    else if (type === 'admin.service_scopes_set')
      this.services.set(name, { ...row, scopes: String(detail.scopes) });
    else if (type === 'admin.service_disabled') this.services.set(name, { ...row, disabled: true });
    else if (type === 'admin.service_enabled') this.services.set(name, { ...row, disabled: false });
    else this.services.set(name, row);
  }
}

const WAITING = ['pending', 'revoked'];

export function rowKey(userId: UserId, id: string): string {
  return `${userId}/${id}`;
}

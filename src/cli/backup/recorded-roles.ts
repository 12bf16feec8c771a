import { removedName } from '../../application/users/username.ts';
import { decodeBody, type RecordedBody } from '../../domain/journal/entry.ts';
import type { AuditReader, JournalEntry } from '../../ports/journal-reader.ts';
import type { UserId } from '../../ports/store.ts';

interface RecordedUser {
  username: string;
  readonly role: string | undefined;
  disabled: boolean;
}

/** What the journal says of users' roles, and whether they are disabled: collected while the entries are read for another check. */
export class RecordedRoles {
  readonly #users = new Map<UserId, RecordedUser>();

  /** Takes entries that are not verified yet: one whose body is no JSON is left to the verification. */
  add({ userId, type, body }: JournalEntry): void {
    if (type === 'user.registered') {
      const { user, detail } = bodyOf(body) ?? {};
      if (typeof user !== 'string') return;
      const role = typeof detail?.role === 'string' ? detail.role : undefined;
      this.#users.set(userId, { username: user, role, disabled: false });
    } else if (type === 'admin.user_disabled' || type === 'admin.user_enabled') {
      const known = this.#users.get(userId);
      if (known) known.disabled = type === 'admin.user_disabled';
    } else if (type === 'admin.user_removed') {
      const known = this.#users.get(userId);
      if (!known) return;
      known.disabled = true;
      const renamed = bodyOf(body)?.detail?.renamed;
      known.username = typeof renamed === 'string' ? renamed : removedName(userId);
    }
  }

  /** Compares every user's row with that. @returns the first that differs, in words */
  async contradiction(reader: Pick<AuditReader, 'findUser'>): Promise<string | undefined> {
    for (const [userId, { username, role, disabled }] of this.#users) {
      const row = await reader.findUser(username);
      if (row?.userId !== userId) return `the user ${username} is missing, or another one has the name`;
      if (role !== undefined && row.role !== role) {
        return `the user ${username} has the role ${row.role}, and the journal says ${role}`;
      }
      if (row.disabled !== disabled) {
        return `the user ${username} is ${row.disabled ? '' : 'not '}disabled, which the journal contradicts`;
      }
    }
    return undefined;
  }
}

function bodyOf(body: string): RecordedBody | undefined {
  try {
    return decodeBody(body);
  } catch {
    return undefined;
  }
}

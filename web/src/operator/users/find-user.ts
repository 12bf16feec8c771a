import type { User } from '../../api/operations.ts';
import { api } from '../../session/server.ts';

const PAGE_SIZE = 200;
/** If more pages of names contain this one, the operator searches the list instead. */
const PAGES_MAX = 10;

/** Finds the user of exactly this name. @returns null if there is none */
export async function findUser(username: string, signal: AbortSignal): Promise<User | null> {
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query: { search: string; limit: number; cursor?: string } = { search: username, limit: PAGE_SIZE };
    if (cursor !== null) query.cursor = cursor;
    const answer = await api('GET /v1/admin/users', { query }, { signal });
    const found = answer.users.find((user) => user.username === username);
    if (found) return found;
    cursor = answer.next_cursor;
    if (cursor === null) break;
  }
  return null;
}

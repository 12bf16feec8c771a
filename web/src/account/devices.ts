import type { Token } from '../api/operations.ts';

/**
 * A token as its user sees it. One enrolment may make two tokens of the API: one for approvals, one for log-in codes.
 */
export interface Device {
  readonly id: string;
  readonly label: string;
  readonly kind: Token['type'] | 'pair';
  readonly status: Token['status'];
  readonly createdAt: string;
  readonly uses: number;
  readonly lastUsedAt: string | null;
  readonly lockedUntil: string | null;
  /** Ids of the API's tokens that make up the device. */
  readonly tokenIds: readonly string[];
}

/** The id of the second token of an enrolment is the id of the first with this suffix. */
const LOG_IN_SUFFIX = '.login';

/** Groups tokens by device, newest first, revoked devices last. */
export function devicesOf(tokens: readonly Token[]): readonly Device[] {
  const byDevice = new Map<string, Token[]>();
  for (const token of tokens) {
    const id = token.id.endsWith(LOG_IN_SUFFIX) ? token.id.slice(0, -LOG_IN_SUFFIX.length) : token.id;
    byDevice.set(id, [...(byDevice.get(id) ?? []), token]);
  }
  return [...byDevice]
    .flatMap(([id, parts]): Device[] => {
      const main = parts.find((part) => part.id === id) ?? parts[0];
      if (!main) return [];
      const used = parts.flatMap(({ last_used_at: at }) => (at === null ? [] : [at])).sort();
      return [
        {
          id: main.id,
          label: main.label,
          kind: parts.length > 1 ? 'pair' : main.type,
          status: main.status,
          createdAt: main.created_at,
          uses: parts.reduce((sum, { uses }) => sum + uses, 0),
          lastUsedAt: used.at(-1) ?? null,
          lockedUntil: parts.find(({ locked_until: until }) => until !== null)?.locked_until ?? null,
          tokenIds: parts.map((part) => part.id),
        },
      ];
    })
    .sort(
      (a, b) =>
        Number(a.status === 'revoked') - Number(b.status === 'revoked') ||
        (a.createdAt < b.createdAt ? 1 : -1),
    );
}

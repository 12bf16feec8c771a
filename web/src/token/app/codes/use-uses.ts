import { useCallback, useEffect, useRef, useState } from 'react';
import type { TokenUse } from '../../../api/operations.ts';
import { everyPage } from '../../../api/pages.ts';
import type { TokenRecord } from '../../device/storage.ts';
import { useDevice } from '../device-context.tsx';

export interface Uses {
  readonly list: readonly (TokenUse & { readonly key: string })[];
  readonly summary:
    | {
        readonly count: number;
        readonly lastUsedAt: string | undefined;
        readonly driftSteps: number;
        readonly lockedUntil: string | undefined;
      }
    | undefined;
  readonly loading: boolean;
  readonly error: unknown;
  readonly more: (() => void) | undefined;
}

const PAGE = 20;

/** Reads the uses of a token (of both its parts, if it has two), newest first. */
export function useUses(token: TokenRecord): Uses {
  const device = useDevice();
  const ids = [token.approvals?.id, token.codes?.id].filter((id) => id !== undefined);
  const key = ids.join(' ');
  const [uses, setUses] = useState<Omit<Uses, 'more'>>({
    ...{ list: [], summary: undefined, loading: true, error: undefined },
  });
  /** Next cursor of each part; null at its end. */
  const cursors = useRef(new Map<string, string | null>());
  const [ended, setEnded] = useState(false);

  const read = useCallback(async () => {
    setUses((before) => ({ ...before, loading: true, error: undefined }));
    try {
      const { api } = device.session(token);
      const lists = await Promise.all(
        key.split(' ').map(async (id) => {
          const cursor = cursors.current.get(id);
          if (cursor === null) return [];
          const query = { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
          const page = await api('GET /v1/tokens/{id}/uses', { path: { id }, query });
          cursors.current.set(id, page.next_cursor);
          return page.uses.map((use, index) => ({ ...use, key: `${id} ${cursor ?? ''} ${index}` }));
        }),
      );
      setEnded([...cursors.current.values()].every((cursor) => cursor === null));
      setUses((before) => {
        const known = new Map([...before.list, ...lists.flat()].map((use) => [use.key, use]));
        const list = [...known.values()].sort((a, b) => b.at.localeCompare(a.at));
        return { ...before, list, loading: false };
      });
    } catch (error) {
      setUses((before) => ({ ...before, loading: false, error }));
    }
  }, [device, token, key]);

  useEffect(() => {
    let left = false;
    async function summarise() {
      const { api } = device.session(token);
      const pages = await everyPage((query) => api('GET /v1/tokens', { query }));
      const own = pages.flatMap(({ tokens }) => tokens).filter(({ id }) => key.split(' ').includes(id));
      const last =
        own
          .map(({ last_used_at: at }) => at ?? '')
          .sort()
          .at(-1) ?? '';
      const summary = {
        count: own.reduce((sum, { uses: count }) => sum + count, 0),
        lastUsedAt: last === '' ? undefined : last,
        driftSteps: own.find(({ type }) => type !== 'ocra')?.drift_steps ?? own[0]?.drift_steps ?? 0,
        lockedUntil: own.map(({ locked_until: until }) => until).find((until) => until !== null) ?? undefined,
      };
      if (!left) setUses((before) => ({ ...before, summary }));
    }
    cursors.current.clear();
    void read();
    summarise().catch(() => undefined);
    return () => {
      left = true;
    };
  }, [device, token, key, read]);

  return { ...uses, more: ended ? undefined : () => void read() };
}

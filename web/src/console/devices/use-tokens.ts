import { useQuery } from '@tanstack/react-query';
import { type Device, devicesOf } from '../../account/devices.ts';
import { everyPage } from '../../api/pages.ts';
import { api } from '../../session/server.ts';

/** The user's tokens, grouped by enrolment. */
export function useTokens(enabled = true) {
  return useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => everyPage((query) => api('GET /v1/tokens', { query }, { signal })),
    select: (pages): readonly Device[] => devicesOf(pages.flatMap(({ tokens }) => tokens)),
    enabled,
  });
}

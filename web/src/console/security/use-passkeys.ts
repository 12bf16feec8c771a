import { useQuery } from '@tanstack/react-query';
import { api } from '../../session/server.ts';

/** The user's passkeys. */
export function usePasskeys(enabled = true) {
  return useQuery({
    queryKey: ['passkeys'],
    queryFn: ({ signal }) => api('GET /v1/passkeys', {}, { signal }),
    select: ({ passkeys }) => passkeys,
    enabled,
  });
}

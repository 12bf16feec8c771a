import { useQuery } from '@tanstack/react-query';
import { api } from '../session/server.ts';

/** Reads the configuration in force. It changes only when the server restarts. */
export function useConfiguration(enabled = true) {
  return useQuery({
    queryKey: ['operator', 'configuration'],
    queryFn: ({ signal }) => api('GET /v1/admin/configuration', {}, { signal }),
    select: ({ keys }) => keys,
    staleTime: 60_000,
    enabled,
  });
}

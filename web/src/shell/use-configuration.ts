import { useQuery } from '@tanstack/react-query';
import { useLocale } from '../i18n/texts.ts';
import { api } from '../session/server.ts';

/** Reads the configuration in force. It changes only when the server restarts. */
export function useConfiguration(enabled = true) {
  const locale = useLocale();
  return useQuery({
    // Descriptions come in the language of the request.
    queryKey: ['operator', 'configuration', locale],
    queryFn: ({ signal }) => api('GET /v1/admin/configuration', {}, { signal }),
    select: ({ keys }) => keys,
    staleTime: 60_000,
    enabled,
  });
}

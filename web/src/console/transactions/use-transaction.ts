import { useQuery } from '@tanstack/react-query';
import { api } from '../../session/server.ts';

export function useTransaction(id: string) {
  return useQuery({
    queryKey: ['transaction', id],
    queryFn: ({ signal }) => api('GET /v1/transactions/{id}', { path: { id } }, { signal }),
  });
}

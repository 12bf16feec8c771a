import { useQuery } from '@tanstack/react-query';
import { api } from '../server.ts';
import { type Device, devicesOf } from './devices.ts';

/** The person's tokens, those of one enrolment together. */
export function useTokens() {
  return useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => api('GET /v1/tokens', {}, { signal }),
    select: ({ tokens }): readonly Device[] => devicesOf(tokens),
  });
}

import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ConnectionLost, ProblemError } from './problem.ts';

const RETRIES_MAX = 2;
const RETRY_MS_MAX = 8_000;

/**
 * Makes a query client that repeats reads when no answer came or the server is busy. Refusals are final, and only the
 * user repeats a write.
 */
export function makeQueryClient(onError: (error: unknown) => void): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        refetchOnWindowFocus: true,
        // navigator.onLine says little about a server on this machine or in the local network.
        networkMode: 'always',
        retry: (count, error) => count < RETRIES_MAX && mayPass(error),
        retryDelay: (count, error) => {
          const asked =
            error instanceof ProblemError && error.retryAt !== undefined ? error.retryAt - Date.now() : 0;
          return Math.min(RETRY_MS_MAX, Math.max(asked, 500 * 2 ** count));
        },
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}

function mayPass(error: unknown): boolean {
  return error instanceof ConnectionLost || (error instanceof ProblemError && error.status === 503);
}

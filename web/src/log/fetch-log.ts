import { ConnectionLost, ProblemError } from '../api/problem.ts';
import { currentLanguage } from '../i18n/texts.ts';
import type { LogFetcher } from './verify-log.ts';

const TIME_MS = 30_000;

/** Asks this server. @throws ProblemError where it refuses, ConnectionLost where it does not answer */
export async function fetchLog(path: string, signal?: AbortSignal): Promise<Response> {
  const time = AbortSignal.timeout(TIME_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      headers: { 'accept-language': currentLanguage() },
      credentials: 'same-origin',
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, time]) : time,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ConnectionLost('no answer', { cause: error });
  }
  if (response.ok) return response;
  throw new ProblemError(response.status, await response.json().catch(() => undefined), Date.now());
}

/** The log of this server. */
export function ownLog(signal: AbortSignal): LogFetcher {
  return {
    text: async (path) => (await fetchLog(`/log/${path}`, signal)).text(),
    bytes: async (path) => new Uint8Array(await (await fetchLog(`/log/${path}`, signal)).arrayBuffer()),
  };
}

import { until } from '../waiting.ts';
import type { ServerProcess } from './server-process.ts';

/** Where a server that listens says that its REST API is: a line of its own, after that of TCP. */
export function httpAddress(server: Pick<ServerProcess, 'stdout'>): Promise<string> {
  return until(() => /\bHTTP\b[^\n]*?(https?:\/\/[\w.[\]:]+?)(?=[\s/])/.exec(server.stdout)?.[1], {
    what: 'the address of the REST API is printed',
    said: () => server.stdout,
  });
}

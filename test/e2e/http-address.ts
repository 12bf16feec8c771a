import { setTimeout as delay } from 'node:timers/promises';
import type { ServerProcess } from './server-process.ts';

const TIME_MS = 2_000;

/** Where a server that listens says that its REST API is: a line of its own, after that of TCP. */
export async function httpAddress(server: Pick<ServerProcess, 'stdout'>): Promise<string> {
  const deadline = performance.now() + TIME_MS;
  for (;;) {
    const address = /\bHTTP\b[^\n]*?(https?:\/\/[\w.[\]:]+?)(?=[\s/])/.exec(server.stdout)?.[1];
    if (address) return address;
    if (performance.now() > deadline) throw new Error(`no address of the REST API in:\n${server.stdout}`);
    await delay(5);
  }
}

import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { refuse, StartRefused } from '../domain/errors.ts';
import { LIMITS } from '../limits.ts';
import { LineFaultError, linesOf } from '../net/lines.ts';
import { answerRequest, type OperatorLog } from './answer-request.ts';
import { askOperator } from './client.ts';
import type { OperationTarget } from './operations/operation.ts';
import { findOperatorPath, makeOperatorPath, type OperatorPath, removeOperatorPath } from './socket-path.ts';

export interface OperatorSocket {
  readonly path: string;
  /** Accepts no new requests, and answers those that run. */
  close(): Promise<void>;
}

/**
 * Opens the operator's socket, mode 0600 in the data folder: only the operator can connect. Replaces the file of a
 * dead server.
 * @throws StartRefused when a living server has it
 */
export async function openOperatorSocket(
  target: OperationTarget,
  dataDir: string,
  log: OperatorLog,
): Promise<OperatorSocket> {
  const left = findOperatorPath(dataDir);
  if (left !== undefined && (await answers(left))) {
    throw new StartRefused(`another server answers on ${left}: stop it first, or name another data folder`);
  }
  const place = makeOperatorPath(dataDir);
  const clients: Clients = { all: new Set(), busy: new Set(), closing: false };
  // A client that ends its side still gets the answer to its request.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (clients.all.size >= LIMITS.operatorConnectionsMax && !endOldestIdle(clients)) {
      return void socket.destroy();
    }
    clients.all.add(socket);
    socket.once('close', () => clients.all.delete(socket));
    serve(socket, target, clients, log).catch((error: Error) =>
      log.error({ reason: error.message }, 'operator socket'),
    );
  });
  await listen(server, place);
  return {
    path: place.socket,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      clients.closing = true;
      for (const socket of clients.all) if (!clients.busy.has(socket)) socket.destroy();
      const late = setTimeout(() => {
        for (const socket of clients.all) socket.destroy();
      }, LIMITS.drainTimeMs);
      await closed;
      clearTimeout(late);
      removeOperatorPath(place);
    },
  };
}

interface Clients {
  /** Oldest first. */
  readonly all: Set<Socket>;
  /** The clients whose request is running. */
  readonly busy: Set<Socket>;
  closing: boolean;
}

/** Makes room for a new client. @returns whether there was an idle one to end */
function endOldestIdle({ all, busy }: Clients): boolean {
  for (const socket of all) {
    if (busy.has(socket)) continue;
    all.delete(socket);
    socket.destroy();
    return true;
  }
  return false;
}

async function answers(path: string): Promise<boolean> {
  return (await askOperator(path, { command: 'status', arguments: {} })) !== undefined;
}

async function listen(server: Server, place: OperatorPath): Promise<void> {
  rmSync(place.socket, { force: true });
  // No other user may open it from its first moment on.
  const mask = process.umask(0o177);
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.socket, resolve);
  });
  // `listen` has made the file when it returns; files made later must not get this mask.
  process.umask(mask);
  try {
    await listening;
  } catch (error) {
    throw new StartRefused(
      `the operator's socket ${place.socket} cannot be made: ${(error as Error).message}`,
    );
  }
  chmodSync(place.socket, 0o600);
}

/**
 * Answers a client's requests one after the other. While one runs, a client that goes away or ends its side cancels it.
 * Reads on only when the answer before was taken, so that answers which nobody reads do not pile up.
 */
async function serve(
  socket: Socket,
  target: OperationTarget,
  clients: Clients,
  log: OperatorLog,
): Promise<void> {
  const gone = new AbortController();
  socket.on('error', () => socket.destroy());
  socket.once('close', () => gone.abort());
  socket.setTimeout(LIMITS.operatorIdleTimeMs, () => socket.destroy());
  try {
    for await (const line of linesOf(
      chunksOf(socket, () => gone.abort()),
      LIMITS.operatorLineBytesMax,
    )) {
      // A long operation, such as a backup, does not count as idle; it has a time of its own.
      socket.setTimeout(0);
      clients.busy.add(socket);
      const answer = await answerRequest(line, target, log, gone.signal);
      clients.busy.delete(socket);
      socket.setTimeout(LIMITS.operatorIdleTimeMs);
      if (!socket.write(`${JSON.stringify(answer)}\n`)) await drained(socket);
      if (clients.closing) break;
    }
    socket.end();
  } catch (error) {
    if (!(error instanceof LineFaultError)) {
      socket.destroy();
      return;
    }
    socket.end(`${JSON.stringify({ ok: false, ...refuse('line_too_long') })}\n`);
    // Discards the rest: closing before it is read could lose the answer.
    socket.resume();
  }
}

/**
 * The chunks of a socket, one at a time. Unlike the socket's own iterator it reads one chunk ahead, and so sees the end
 * while the last chunk is still being worked on.
 */
async function* chunksOf(socket: Socket, onEnd: () => void): AsyncGenerator<Buffer> {
  const chunks: Buffer[] = [];
  let ended = false;
  let wake = () => {};
  const end = () => {
    ended = true;
    onEnd();
    wake();
  };
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    socket.pause();
    wake();
  });
  socket.once('end', end).once('close', end);
  for (;;) {
    const chunk = chunks.shift();
    socket.resume();
    if (chunk) yield chunk;
    else if (ended) return;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

async function drained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once('drain', resolve).once('close', resolve);
  });
}

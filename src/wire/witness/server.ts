import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Witness, WitnessAnswer } from '../../application/witness/witness.ts';
import { LIMITS } from '../../limits.ts';
import type { Logger } from '../../ports/logger.ts';

export interface WitnessServer {
  readonly address: () => AddressInfo;
  stop(): Promise<void>;
}

/** Serves `POST /add-checkpoint` (https://c2sp.org/tlog-witness) over HTTP; TLS is a proxy's. */
export async function startWitnessServer({
  witness,
  host,
  port,
  logger,
}: {
  readonly witness: Witness;
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
}): Promise<WitnessServer> {
  const server = createServer(
    { requestTimeout: LIMITS.httpRequestTimeMs, headersTimeout: LIMITS.httpHeadersTimeMs },
    (request, response) => void handle(witness, request, response, logger),
  );
  server.maxConnections = LIMITS.witnessConnectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    address: () => server.address() as AddressInfo,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  witness: Witness,
  request: IncomingMessage,
  response: ServerResponse,
  logger: Logger,
): Promise<void> {
  try {
    if (request.url !== '/add-checkpoint') return answer(response, { status: 404, reason: 'not found' });
    if (request.method !== 'POST') {
      response.writeHead(405, { allow: 'POST', 'content-type': 'text/plain' }).end('POST only\n');
      return;
    }
    const body = await bodyOf(request);
    if (body === undefined) return answer(response, { status: 400, reason: 'the body is too long' });
    const answered = await witness.addCheckpoint(body);
    if (answered.status !== 200) logger.warn({ status: answered.status, reason: answered.reason }, 'refused');
    answer(response, answered);
  } catch (error) {
    logger.error({ error: String(error) }, 'failed');
    if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
    response.end();
  }
}

function answer(response: ServerResponse, answered: WitnessAnswer): void {
  switch (answered.status) {
    case 200:
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(answered.cosignature);
      return;
    case 409:
      response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${answered.size}\n`);
      return;
    default:
      response
        .writeHead(answered.status, { 'content-type': 'text/plain; charset=utf-8' })
        .end(`${answered.reason}\n`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LIMITS.witnessBodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

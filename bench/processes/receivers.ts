import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { answerRequests } from './child.ts';

/** Receivers of events that take whatever comes: an endpoint of webhooks and a syslog server. */

const counts = { webhooks: 0, syslog: 0 };

const http = createHttpServer((request, response) => {
  counts.webhooks++;
  request.resume().on('end', () => response.writeHead(204).end());
});
const syslog = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    // Each message begins with its priority and version.
    for (let at = bytes.indexOf('>1 20'); at >= 0; at = bytes.indexOf('>1 20', at + 1)) counts.syslog++;
  });
});

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function start(): Promise<{ readonly webhooks: number; readonly syslog: number }> {
  return { webhooks: await portOf(http), syslog: await portOf(syslog) };
}

answerRequests({ start, usage: () => counts }, () => {
  http.closeAllConnections();
  http.close();
  syslog.close();
});

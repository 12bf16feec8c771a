// A web service that answers as a test tells it: what Apache Pulsar itself does not do at a test's word, or never should.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface AdminReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A message as a producer sends it. */
export interface Produced {
  readonly payload: string;
  readonly key?: string;
  readonly properties: { readonly index: string; readonly type: string };
  readonly context: string;
}

export class ScriptedBroker {
  readonly #server: Server = createServer((request, response) => this.#admin(request, response));
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  readonly received: Produced[] = [];
  /** The path and query of each producer that was opened. */
  readonly opened: URL[] = [];
  /** Of the admin API, by the end of the path; `undefined`: no answer at all. */
  readonly replies = new Map<string, AdminReply | undefined>([
    ['/partitions', { status: 200, body: { partitions: 1 } }],
    ['/stats', { status: 200, body: { deduplicationStatus: 'Enabled', subscriptions: { some: {} } } }],
    ['/properties', { status: 200, body: { 'sello-log': 'sello.example' } }],
    ['/examinemessage', { status: 412 }],
  ]);
  readonly puts: string[] = [];
  /** Of the handshake; 101 opens a producer. */
  handshake = 101;
  /** What is done with each message. */
  onMessage: (message: Produced, socket: WebSocket) => void = acknowledge;

  static async start(): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker();
    broker.#server.on('upgrade', (request, socket, head) => {
      if (broker.handshake !== 101) {
        socket.end(`HTTP/1.1 ${broker.handshake} No\r\ncontent-length: 0\r\n\r\n`);
        return;
      }
      broker.#sockets.handleUpgrade(request, socket, head, (opened) => {
        broker.opened.push(new URL(request.url ?? '', 'http://broker'));
        opened.on('error', () => undefined);
        opened.on('message', (data) => {
          const message: Produced = JSON.parse(data.toString());
          broker.received.push(message);
          broker.onMessage(message, opened);
        });
      });
    });
    broker.#server.listen(0, '127.0.0.1');
    await once(broker.#server, 'listening');
    return broker;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get sockets(): ReadonlySet<WebSocket> {
    return this.#sockets.clients;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #admin(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (request.method === 'PUT') this.puts.push(path);
    const found = [...this.replies].find(([end]) => path.endsWith(end));
    if (found && found[1] === undefined) return;
    const { status, body, headers } = found?.[1] ?? { status: 404 };
    response.writeHead(status, headers).end(body === undefined ? '' : JSON.stringify(body));
  }
}

export function acknowledge({ context }: Produced, socket: WebSocket): void {
  socket.send(JSON.stringify({ result: 'ok', messageId: 'CAUQADAA', context }));
}

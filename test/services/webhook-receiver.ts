// An endpoint on loopback that keeps what it is sent, and answers as the test says.
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface ReceivedDelivery {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly id: string;
}

type Answer = (delivery: ReceivedDelivery, response: ServerResponse) => void;

export class WebhookReceiver {
  readonly received: ReceivedDelivery[] = [];
  /** 200 by default. */
  answer: Answer = (_, response) => response.writeHead(200).end('thanks');
  readonly server: Server;
  #underWay = 0;
  /** The most requests at a time. */
  most = 0;

  private constructor(tls?: { readonly cert: string; readonly key: string }) {
    this.server = tls ? createTlsServer(tls) : createServer();
    this.server.on('request', (request, response: ServerResponse) => {
      this.most = Math.max(this.most, ++this.#underWay);
      response.on('close', () => this.#underWay--);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const delivery = {
          path: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
          id: String(request.headers['webhook-id']),
        };
        this.received.push(delivery);
        this.answer(delivery, response);
      });
    });
  }

  static async start(
    t: Pick<TestContext, 'after'>,
    options: { readonly host?: string; readonly tls?: { readonly cert: string; readonly key: string } } = {},
  ): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(options.tls);
    await new Promise<void>((resolve) =>
      receiver.server.listen(0, options.host ?? '127.0.0.1', () => resolve()),
    );
    t.after(() => {
      receiver.server.closeAllConnections();
      receiver.server.close();
    });
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hooks`;
  }

  /** The indexes received, in order. */
  indexes(): number[] {
    return this.received.filter(({ id }) => id.startsWith('evt_')).map(({ id }) => Number(id.slice(4)));
  }

  events(): { readonly type: string; readonly subject: string; readonly data: { readonly index: number } }[] {
    return this.received.map(({ body }) => JSON.parse(body));
  }
}

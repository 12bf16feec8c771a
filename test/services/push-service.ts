// A push service on loopback with the browsers that it serves: what it gets is opened by npm's http_ece, not by our code.
import { createECDH, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import ece from 'http_ece';

export interface PushedMessage {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came, encrypted. */
  readonly body: Buffer;
  /** What the browser reads. */
  readonly text: string;
}

/** A browser's subscription: its keys, and its address at the push service. */
export class PushedBrowser {
  readonly endpoint: string;
  readonly #pair = createECDH('prime256v1');
  readonly #auth = randomBytes(16);

  constructor(endpoint: string) {
    this.endpoint = endpoint;
    this.#pair.generateKeys();
  }

  get keys(): { readonly p256dh: string; readonly auth: string } {
    return {
      p256dh: this.#pair.getPublicKey('base64url'),
      auth: this.#auth.toString('base64url'),
    };
  }

  open(body: Buffer): string {
    const padded: Buffer = ece.decrypt(body, {
      version: 'aes128gcm',
      privateKey: this.#pair,
      authSecret: this.#auth,
    });
    return padded.toString();
  }
}

export class PushService {
  readonly received: PushedMessage[] = [];
  readonly #browsers = new Map<string, PushedBrowser>();
  readonly #server: Server;
  /** The statuses to answer next; then 201. */
  readonly statuses: number[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = request.url ?? '';
        const body = Buffer.concat(chunks);
        const text = this.#browsers.get(path)?.open(body) ?? '';
        this.received.push({ path, headers: request.headers, body, text });
        response.writeHead(this.statuses.shift() ?? 201).end();
      });
    });
  }

  static async start(t: { after(task: () => unknown): void }): Promise<PushService> {
    const service = new PushService();
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    t.after(() => service.#server.close());
    return service;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  subscribe(): PushedBrowser {
    const path = `/push/${this.#browsers.size}`;
    const browser = new PushedBrowser(`${this.origin}${path}`);
    this.#browsers.set(path, browser);
    return browser;
  }
}

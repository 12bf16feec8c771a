import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { LIMITS } from '../../limits.ts';
import { SinkFailure } from '../../ports/event-sink.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What every connection to the cluster needs. */
export interface PulsarAccess {
  /** The bearer token; undefined where the cluster asks for none. */
  readonly token: string | undefined;
  /** The authority (PEM) of its certificate, where it is none of the system's. */
  readonly ca: string | undefined;
}

/** Calls the admin API of a cluster; answers and times are bounded. */
export class AdminClient {
  readonly #base: string;
  readonly #access: PulsarAccess;

  constructor(base: string, access: PulsarAccess) {
    this.#base = base;
    this.#access = access;
  }

  /** @throws SinkFailure `unreachable` where there is no answer */
  call(method: 'GET' | 'PUT', path: string, body?: unknown): Promise<AdminAnswer> {
    const url = `${this.#base}/${path}`;
    const { token, ca } = this.#access;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new SinkFailure('unreachable', `Pulsar at ${this.#base}: ${why}`));
      const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
        method,
        agent: false,
        ...(ca === undefined ? {} : { ca }),
        signal: AbortSignal.timeout(LIMITS.pulsarAnswerTimeMs),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      });
      request.once('error', (error) =>
        fail(
          error.name === 'TimeoutError' || error.name === 'AbortError' ? 'no answer in time' : error.message,
        ),
      );
      request.once('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > LIMITS.pulsarAnswerBytesMax) response.destroy(new Error('an answer that is too long'));
          else chunks.push(chunk);
        });
        response.once('error', (error) => fail(error.message));
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      request.end(text);
    });
  }
}

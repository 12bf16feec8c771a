import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { Limits } from '../../limits.ts';
import type { ReachableAddresses } from '../../net/public-address.ts';
import type {
  WebhookAnswer,
  WebhookOutcome,
  WebhookRequest,
  WebhookSender,
} from '../../ports/webhook-sender.ts';
import type { Resolve } from './resolve.ts';

export interface HttpSenderOptions {
  readonly reachable: ReachableAddresses;
  readonly resolve: Resolve;
  /** Authorities (PEM) beside the system's. */
  readonly ca?: string;
  readonly limits: Pick<
    Limits,
    'webhookTimeMs' | 'webhookAnswerBytesMax' | 'webhookAnswerTimeMs' | 'webhookIdleMs'
  >;
}

const HEADER_BYTES_MAX = 8_192;

/** Sends webhooks over HTTPS by Node's own client, one pool of connections for each judged address. */
export class HttpWebhookSender implements WebhookSender {
  readonly #options: HttpSenderOptions;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor(options: HttpSenderOptions) {
    const { ca, limits } = options;
    const pool = { keepAlive: true, timeout: limits.webhookIdleMs, maxFreeSockets: 2 } as const;
    this.#options = options;
    this.#http = new HttpAgent(pool);
    this.#https = new HttpsAgent({
      ...pool,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    });
  }

  async send(request: WebhookRequest, signal: AbortSignal): Promise<WebhookAnswer> {
    const { limits } = this.#options;
    const time = AbortSignal.timeout(limits.webhookTimeMs);
    const until = AbortSignal.any([time, signal]);
    const url = new URL(request.url);
    const judged = await this.#judge(url, until);
    if (typeof judged !== 'string') return ended(judged, until, signal);
    return ended(await this.#exchange(url, judged, request, until), until, signal);
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /** @returns the one address that the request goes to */
  async #judge(url: URL, until: AbortSignal): Promise<string | WebhookAnswer> {
    const { reachable, resolve } = this.#options;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    let addresses: readonly string[];
    try {
      addresses = await orAborted(resolve(host), until);
    } catch (error) {
      return failure(until.aborted ? 'timeout' : 'name_unresolved', messageOf(error));
    }
    const isPlain = url.protocol === 'http:';
    const permitted = addresses.find((address) =>
      isPlain ? reachable.isNamed(address) : reachable.permits(address),
    );
    if (permitted !== undefined) return permitted;
    const why = isPlain
      ? 'without TLS only addresses in webhooks.private_addresses_allowed may be called'
      : 'no public address, and none in webhooks.private_addresses_allowed';
    return failure('address_refused', `${host}: ${why}`);
  }

  #exchange(
    url: URL,
    address: string,
    request: WebhookRequest,
    until: AbortSignal,
    again = false,
  ): Promise<WebhookAnswer> {
    const { promise, resolve } = Promise.withResolvers<WebhookAnswer>();
    const secure = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const options = {
      // The address that was judged: no name is resolved again.
      host: address,
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      maxHeaderSize: HEADER_BYTES_MAX,
      headers: { ...request.headers, host: url.host, 'content-length': String(request.body.byteLength) },
    };
    const outgoing: ClientRequest = secure
      ? requestHttps({
          ...options,
          agent: again ? false : this.#https,
          servername: isIP(host) === 0 ? host.replace(/\.$/, '') : '',
        })
      : requestHttp({ ...options, agent: again ? false : this.#http });
    let responded = false;
    const finish = (answer: WebhookAnswer, reusable = false) => {
      until.removeEventListener('abort', abort);
      if (!reusable) outgoing.destroy();
      resolve(answer);
    };
    const abort = () => finish(failure('timeout', 'no answer in time'));
    until.addEventListener('abort', abort, { once: true });
    if (until.aborted) abort();
    outgoing.on('error', (error) => {
      // The endpoint closed an idle connection just as this request took it.
      if (outgoing.reusedSocket && !again && !until.aborted && !responded)
        return void this.#exchange(url, address, request, until, true).then((answer) => finish(answer, true));
      finish(failure(outcomeOf(error), messageOf(error)));
    });
    outgoing.on('response', (response) => {
      responded = true;
      void readBeginning(response, this.#options.limits).then(({ text, complete }) =>
        finish(answered(response, text), complete),
      );
    });
    outgoing.end(request.body);
    return promise;
  }
}

/** Reads an answer's body up to a bound of bytes and time; what comes later is cut off with the connection. */
function readBeginning(
  response: IncomingMessage,
  { webhookAnswerBytesMax, webhookAnswerTimeMs }: HttpSenderOptions['limits'],
): Promise<{ text: string; complete: boolean }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => done(false), webhookAnswerTimeMs);
    const done = (complete: boolean) => {
      clearTimeout(timer);
      response.removeListener('data', take);
      resolve({ text: printable(Buffer.concat(chunks).subarray(0, webhookAnswerBytesMax)), complete });
    };
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length > webhookAnswerBytesMax) done(false);
    };
    response.on('data', take);
    response.on('end', () => done(true));
    response.on('error', () => done(false));
    response.on('close', () => done(false));
  });
}

function answered({ statusCode = 0, headers }: IncomingMessage, text: string): WebhookAnswer {
  const outcome =
    statusCode >= 200 && statusCode < 300
      ? 'delivered'
      : statusCode >= 300 && statusCode < 400
        ? 'redirect'
        : 'status';
  const seconds = /^\d{1,7}$/.test(headers['retry-after'] ?? '') ? Number(headers['retry-after']) : 0;
  return { outcome, status: statusCode, text, retryAfterMs: seconds * 1_000 };
}

function failure(outcome: WebhookOutcome, text: string): WebhookAnswer {
  return { outcome, status: 0, text, retryAfterMs: 0 };
}

function ended(answer: WebhookAnswer, until: AbortSignal, signal: AbortSignal): WebhookAnswer {
  return answer.outcome === 'timeout' && until.aborted && signal.aborted
    ? { ...answer, outcome: 'cancelled' }
    : answer;
}

function outcomeOf(error: Error & { readonly code?: string }): WebhookOutcome {
  const code = error.code ?? '';
  if (/^HPE_/.test(code)) return 'answer_invalid';
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO|EPROTO/.test(code)) return 'tls_failed';
  return 'connection_failed';
}

function messageOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return printable(Buffer.from(`${typeof code === 'string' ? `${code}: ` : ''}${String(message)}`)).slice(
    0,
    256,
  );
}

/** UTF-8 without control characters: it is shown in consoles and logs. */
function printable(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, '\ufffd');
}

async function orAborted<Value>(value: Promise<Value>, signal: AbortSignal): Promise<Value> {
  value.catch(() => undefined);
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new Error('no answer in time'));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([value, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

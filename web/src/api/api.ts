import type { Operations } from './operations.ts';
import { ConnectionLost, ProblemError } from './problem.ts';

export type OperationName = keyof Operations;
export type Answer<Name extends OperationName> = Operations[Name]['answer'];

type Asked<Name extends OperationName> = Omit<Operations[Name], 'answer'>;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The server executes requests with the same key and content once. */
  readonly idempotencyKey?: string;
  /** Time until the call is given up; it must exceed `wait_s`. Unit: ms */
  readonly timeMs?: number;
}

/** Calls an operation of the API by its name, such as `GET /v1/transactions/{id}`. */
export type Api = <Name extends OperationName>(
  name: Name,
  ...asked: Record<string, never> extends Asked<Name>
    ? [request?: Asked<Name>, options?: CallOptions]
    : [request: Asked<Name>, options?: CallOptions]
) => Promise<Answer<Name>>;

export interface ApiOptions {
  /** The caller's credentials: a CSRF token beside the cookie, or a bearer token. Called before each request. */
  readonly headers: (
    method: string,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly language: () => string;
  /** Origin of the API; defaults to that of the page. */
  readonly origin?: string;
  /** Called with each problem before it is thrown. */
  readonly onProblem?: (problem: ProblemError) => void;
}

const TIME_MS = 30_000;

/**
 * Makes a client of the API. Each call throws ProblemError when the server refuses, ConnectionLost when no answer
 * comes, and AbortError when its signal aborts.
 */
export function makeApi({ headers, language, origin = '', onProblem }: ApiOptions): Api {
  return async (name, ...[asked = {}, options = {}]) => {
    const { path, query, body } = asked as {
      readonly path?: Readonly<Record<string, string>>;
      readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
      readonly body?: unknown;
    };
    const { signal, idempotencyKey, timeMs = TIME_MS } = options;
    const [method = '', template = ''] = name.split(' ');
    const timeout = AbortSignal.timeout(timeMs);
    const fields = {
      accept: 'application/json, application/problem+json',
      'accept-language': language(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...(await headers(method)),
    };
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${origin}${addressOf(template, path, query)}`, {
        method,
        headers: fields,
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ConnectionLost('no answer', { cause: error });
    }
    if (response.ok) return text === '' ? undefined : JSON.parse(text);
    const problem = new ProblemError(response.status, parsed(text), Date.now());
    onProblem?.(problem);
    throw problem;
  };
}

/** Fills in the path template, such as `/v1/transactions/{id}`, and appends the defined query parameters. */
export function addressOf(
  template: string,
  path: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  const filled = template.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(path[name] ?? ''));
  const fields = Object.entries(query).filter(([, value]) => value !== undefined);
  if (fields.length === 0) return filled;
  return `${filled}?${new URLSearchParams(fields.map(([name, value]) => [name, String(value)]))}`;
}

/** Parses JSON. A proxy on the way may answer HTML instead. @returns undefined for anything but JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Returns a new idempotency key of 128 random bits. (`crypto.randomUUID` exists in secure contexts only.) */
export function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** A refusal by the server (RFC 9457). `title` and `detail` are for people, in the language of the request. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  /** Stable code of the server's error table; `unexpected` if the answer was no problem of this API. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** From this time on the server evaluates the same request. Unit: ms since 1970, by this device's clock */
  readonly retryAt: number | undefined;
  readonly requestId: string;

  constructor(status: number, body: unknown, receivedAt: number) {
    const member = (name: string): unknown =>
      typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
    const text = (name: string) => {
      const value = member(name);
      return typeof value === 'string' ? value : '';
    };
    super(text('title') || `HTTP ${status}`);
    this.status = status;
    this.code = text('code') || 'unexpected';
    this.title = text('title');
    this.detail = text('detail');
    this.requestId = text('request_id');
    const retryAfterMs = member('retry_after_ms');
    this.retryAt = typeof retryAfterMs === 'number' ? receivedAt + retryAfterMs : undefined;
  }
}

/** No answer came: no network, no server, or a timeout. The server may have executed the request. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** Returns whether the error is a problem with one of the codes. */
export function isProblem(error: unknown, ...codes: readonly string[]): error is ProblemError {
  return error instanceof ProblemError && codes.includes(error.code);
}

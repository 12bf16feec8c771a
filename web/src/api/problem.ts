/** RFC 9457, as the server answers it: `title` and `detail` are for people, in the language that was asked for. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  /** Stable, of the server's table of errors; `unexpected` where the answer was no problem of ours. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** The same request made at this time (ms since 1970, this machine's clock) is evaluated. */
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

/** No answer came: no network, no server, or too late. Whether the request was carried out is not known. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** @returns whether it is that problem */
export function isProblem(error: unknown, ...codes: readonly string[]): error is ProblemError {
  return error instanceof ProblemError && codes.includes(error.code);
}

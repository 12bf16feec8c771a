/** CORS (Fetch, section 3.2): pages of the configured origins may send requests, without the browser's credentials. */
export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  get off(): boolean {
    return this.#origins.size === 0;
  }

  /** Response header fields for a page of that origin. @returns undefined when the origin is not allowed */
  headers(origin: string | undefined): Record<string, string> | undefined {
    if (origin === undefined || !this.#origins.has(origin)) return undefined;
    return {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'Location, Retry-After, Idempotency-Replayed, X-Request-Id',
      vary: 'Origin',
    };
  }

  /** Response header fields of a preflight. */
  preflight(methods: readonly string[]): Record<string, string> {
    return {
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers':
        'Authorization, Content-Type, Idempotency-Key, Accept-Language, Last-Event-ID',
      'access-control-max-age': '600',
    };
  }
}

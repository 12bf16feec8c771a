/** Fetch, section 3.2: other sites' pages may ask, without credentials of the browser, where the configuration names them. */
export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  get off(): boolean {
    return this.#origins.size === 0;
  }

  /** What an answer says to a page of that origin; undefined: nothing. */
  headers(origin: string | undefined): Record<string, string> | undefined {
    if (origin === undefined || !this.#origins.has(origin)) return undefined;
    return {
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'Location, Retry-After, Idempotency-Replayed, X-Request-Id',
      vary: 'Origin',
    };
  }

  /** What the question before a request is answered (a preflight). */
  preflight(methods: readonly string[]): Record<string, string> {
    return {
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers':
        'Authorization, Content-Type, Idempotency-Key, Accept-Language, Last-Event-ID',
      'access-control-max-age': '600',
    };
  }
}

/**
 * Sends one request to an endpoint whose address somebody else chose. It goes to the address that was judged and nowhere
 * else: no redirect is followed, no name is resolved twice. Time and size of the answer are bounded.
 */
export interface WebhookSender {
  /** Never throws: what went wrong is the answer's outcome. */
  send(request: WebhookRequest, signal: AbortSignal): Promise<WebhookAnswer>;
  close(): void;
}

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * - `delivered`: a status of 2xx, whatever else was answered
 * - `status`: another status; `redirect`: 3xx, which is not followed
 * - `address_refused`: the name leads to no address that is permitted, or to one without TLS that is not allowed by name
 * - `name_unresolved`, `connection_failed`, `tls_failed`, `timeout`, `answer_invalid` (no HTTP), `cancelled`
 */
export type WebhookOutcome =
  | 'delivered'
  | 'status'
  | 'redirect'
  | 'address_refused'
  | 'name_unresolved'
  | 'connection_failed'
  | 'tls_failed'
  | 'timeout'
  | 'answer_invalid'
  | 'cancelled';

export interface WebhookAnswer {
  readonly outcome: WebhookOutcome;
  /** 0: none. */
  readonly status: number;
  /** The beginning of the answer's body, or of what went wrong, in printable characters. */
  readonly text: string;
  /** What `Retry-After` asks for; 0 without it. */
  readonly retryAfterMs: number;
}

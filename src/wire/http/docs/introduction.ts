import { listing, paragraphs } from './html.ts';

/** A part of what stands before the calls. */
export interface Chapter {
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

/** What holds for every call. */
export const CHAPTERS: readonly Chapter[] = [
  {
    id: 'first-call',
    title: 'First call',
    html:
      paragraphs(
        'Everything is JSON over HTTP, in and out, with names in snake_case, times in RFC 3339 (UTC), amounts as decimal text with a point, and ids without a meaning. The examples are for a POSIX shell; set where the server is:',
      ) +
      listing(
        'base=http://127.0.0.1:8080\ncurl -sS "$base/healthz"\ncurl -sS "$base/v1/users" \\\n  -H \'content-type: application/json\' \\\n  -d \'{"username":"alice","password":"correct horse"}\'',
      ) +
      paragraphs('What programs read is `/openapi.json` (OpenAPI 3.1): this page is made of it.'),
  },
  {
    id: 'authentication',
    title: 'Authentication',
    html:
      paragraphs(
        'A **user** logs in and gets an access token, a JWT for fifteen minutes, and a session that gives the next one. A **service** has a key with scopes, which `sello service create` or the console shows once; it acts for itself and asks users for approvals. An **administrator** or **auditor** is a user with that role, and administrators show a code or passkey of the last minutes for whatever changes something. Each token or key goes into the same header:',
      ).replace(/\*\*(\w+)\*\*/g, '<strong>$1</strong>') +
      listing(
        `token=$(curl -sS "$base/v1/sessions" \\\n  -H 'content-type: application/json' \\\n  -d '{"username":"alice","password":"correct horse"}' | jq -r .access_token)\ncurl -sS "$base/v1/tokens" -H "authorization: Bearer $token"`,
      ) +
      paragraphs(
        'Where a log-in needs a code, `code_required` says so: send it again with `code`. Browsers hold their session in a cookie (`POST /v1/browser-sessions`) and send `X-CSRF-Token` with what changes something. A service that may hold no secret signs its requests (RFC 9421). What is not yours answers 404, as what does not exist.',
      ),
  },
  {
    id: 'idempotency',
    title: 'Idempotency',
    html:
      paragraphs(
        'Send `Idempotency-Key`, a text of your own, with whatever must not happen twice, and repeat the request as often as you need to: it is decided once, and a repeat gets the first answer with `Idempotency-Replayed: true`. The same key with other content is refused (422 `idempotency_mismatch`). Keys are kept for `idempotency_ttl_ms`, a day by default. A refusal is not kept: the key may be used again.',
      ) +
      listing(
        `curl -sS "$base/v1/transactions" \\\n  -H "authorization: Bearer $key" \\\n  -H 'idempotency-key: order-1001' \\\n  -H 'content-type: application/json' \\\n  -d '{"username":"alice","payer":"ES7921000813610123456789","payee":"DE89370400440532013000","amount":"800.00"}'`,
      ),
  },
  {
    id: 'paging',
    title: 'Paging',
    html:
      paragraphs(
        'A list answers a page and `next_cursor`. Ask again with `cursor` until it is null. Cursors are without a meaning, good for the same list and the same filters, and stay right while entries arrive. `limit` is the size of a page, 100 at most.',
      ) +
      listing('curl -sS "$base/v1/transactions?limit=20&cursor=$cursor" -H "authorization: Bearer $token"'),
  },
  {
    id: 'errors',
    title: 'Errors',
    html:
      paragraphs(
        'A refusal is a problem (RFC 9457) with a stable `code`; decide by it, not by the text, which is in English or Spanish as `Accept-Language` says. Where waiting helps, `Retry-After` and `retry_after_ms` say how long. `request_id` is what to tell the operator. A 5xx, or no answer, may be repeated with the same idempotency key.',
      ) +
      listing(
        '{\n  "type": "/docs/problems#amount_invalid",\n  "title": "The amount is not valid",\n  "status": 400,\n  "detail": "…",\n  "code": "amount_invalid",\n  "request_id": "b5c38ddc2dc7-5"\n}',
      ) +
      '<p><a href="/docs/problems">All codes, with what to do.</a></p>',
  },
];

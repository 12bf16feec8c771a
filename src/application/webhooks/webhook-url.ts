import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { CalledAddresses } from '../../ports/called-addresses.ts';

/**
 * Reads the address of an endpoint: `https:`, or `http:` where addresses may be called without TLS at all; no user
 * information, no fragment. An address in it is judged here; a name is judged at each delivery, because its addresses change.
 * @returns the URL in its canonical form, or `webhook_invalid`, `webhook_address_refused`
 */
export function parseWebhookUrl(text: string, addresses: CalledAddresses): string | Refusal {
  const invalid = (detail: string) => refuse('webhook_invalid', { detail: `url: ${detail}` });
  if (text.length > LIMITS.webhookUrlLengthMax)
    return invalid(`at most ${LIMITS.webhookUrlLengthMax} characters`);
  if (!URL.canParse(text)) return invalid('such as https://example.com/hooks');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return invalid('https:// only');
  if (url.username !== '' || url.password !== '')
    return invalid('without a user name and password: deliveries are signed');
  if (url.hash !== '') return invalid('without a fragment');
  return addresses.mayCall(url) ? url.href : refuse('webhook_address_refused', { detail: url.host });
}

/** The URL without its query, which may hold a secret of the receiver: for the journal. */
export function urlForJournal(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

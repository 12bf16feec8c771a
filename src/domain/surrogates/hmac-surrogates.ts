import { createHmac } from 'node:crypto';
import { type DataKey, domainKey } from './data-key.ts';
import { FORM, surrogateHeader, surrogateText } from './surrogate-text.ts';
import type { Surrogates } from './surrogates.ts';

export const HMAC_ALGORITHM = 'hmac-sha256';
export const HMAC_KEY_BYTES = 32;

/** One-way surrogates: HMAC-SHA256 of the identifier's UTF-8, 45 characters. */
export function hmacSurrogates(dataKey: DataKey, domain: string): Surrogates {
  const key = domainKey(dataKey, domain, HMAC_ALGORITHM, HMAC_KEY_BYTES);
  const header = surrogateHeader(FORM.hmac, dataKey.version);
  return {
    make(identifiers) {
      const invalid = identifiers.findIndex((text) => text === '' || !text.isWellFormed());
      if (invalid >= 0) return { invalid };
      return {
        texts: identifiers.map((text) =>
          surrogateText(header, createHmac('sha256', key).update(text, 'utf8').digest()),
        ),
      };
    },
    reverse: () => ({ invalid: 0 }),
  };
}

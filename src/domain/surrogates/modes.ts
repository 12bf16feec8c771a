import type { DataKey } from './data-key.ts';
import { ff1Surrogates } from './ff1-surrogates.ts';
import { hmacSurrogates } from './hmac-surrogates.ts';
import { sivSurrogates } from './siv-surrogates.ts';

import type { SurrogateMode, Surrogates } from './surrogates.ts';

/** The surrogates of one domain under one data key. */
export function surrogatesOf(dataKey: DataKey, domain: string, mode: SurrogateMode): Surrogates {
  if (mode.mode === 'siv') return sivSurrogates(dataKey, domain);
  return mode.mode === 'hmac'
    ? hmacSurrogates(dataKey, domain)
    : ff1Surrogates(dataKey, domain, mode.alphabet);
}

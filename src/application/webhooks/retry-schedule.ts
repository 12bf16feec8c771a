import type { Limits } from '../../limits.ts';

type Times = Pick<Limits, 'webhookRetryMsMin' | 'webhookRetryMsMax'>;

/**
 * The pause after a failed attempt: exponential back-off, half of it at random, so that what failed together does not
 * come back together. At least what `Retry-After` asks for, within the longest pause.
 * @param attempts that failed so far, from 1
 * @param random 0 to 1
 */
export function retryPauseMs(
  attempts: number,
  random: number,
  retryAfterMs: number,
  { webhookRetryMsMin, webhookRetryMsMax }: Times,
): number {
  const longest = Math.min(webhookRetryMsMax, webhookRetryMsMin * 2 ** Math.min(attempts - 1, 40));
  const pause = longest / 2 + (longest / 2) * random;
  return Math.round(Math.max(pause, Math.min(retryAfterMs, webhookRetryMsMax)));
}

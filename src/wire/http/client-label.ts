import { clientName } from '../../domain/client-name.ts';
import { LIMITS } from '../../limits.ts';

/** Characters of a User-Agent that are looked at. */
const LOOKED_AT_MAX = 512;

/**
 * A label for a session, from a User-Agent that may say anything: for a browser its name and its system's, otherwise
 * the header itself, in visible ASCII and cut to `labelBytesMax`.
 *
 * Why: docs/DECISIONS.md#a-session-label-is-browser-and-system
 */
export function clientLabel(userAgent: string | string[] | undefined): string {
  const visible = `${userAgent ?? ''}`.slice(0, LOOKED_AT_MAX).replace(/[^\x20-\x7e]/g, '');
  return clientName(visible).slice(0, LIMITS.labelBytesMax);
}

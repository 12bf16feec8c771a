import { clientName } from '../../domain/client-name.ts';
import { LIMITS } from '../../limits.ts';

/** Beyond this nothing of a User-Agent is looked at. */
const LOOKED_AT_MAX = 512;

/**
 * Where a session is from, of a User-Agent that may say anything: a browser by its name and its system's, all else as
 * it came, in visible ASCII, cut to the bound.
 */
export function clientLabel(userAgent: string | string[] | undefined): string {
  const visible = `${userAgent ?? ''}`.slice(0, LOOKED_AT_MAX).replace(/[^\x20-\x7e]/g, '');
  return clientName(visible).slice(0, LIMITS.labelBytesMax);
}

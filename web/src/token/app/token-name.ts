import type { TokenRecord } from '../device/storage.ts';

/** The name under which a token is shown. */
export function nameOf({ label, username }: TokenRecord): string {
  return label === '' ? username : label;
}

import { hash } from 'node:crypto';
import { jsonString } from '../encoding/canonical-json.ts';

/** What an identity's keys are enrolled by: both thumbprints (RFC 7638) and the user's name. */
export interface IdentityBinding {
  readonly user: string;
  readonly sign: string;
  readonly seal: string;
}

/**
 * Returns the OCRA question of the code that enrols an identity: SHA-256 of the RFC 8785 JSON
 * `{"seal","sign","user","v":1}`, in lower-case hex (QH64, RFC 6287 section 6.3). It has neither the member `act` of an
 * act nor the members of a transaction, so no code fits two of them.
 */
export function identityQuestion({ user, sign, seal }: IdentityBinding): string {
  return hash('sha256', `{"seal":"${seal}","sign":"${sign}","user":${jsonString(user)},"v":1}`, 'hex');
}

import { hash } from 'node:crypto';
import { jsonString } from './encoding/canonical-json.ts';

/** What a user confirms by an `ocra` code that is no transaction. */
export type Act =
  | 'register_passkey'
  | 'prove_session'
  | 'enrol_token'
  | 'invite_device'
  | 'change_password'
  | 'reset_password'
  | 'make_recovery_codes';

/**
 * Returns the OCRA question of a code over an act: SHA-256 of the RFC 8785 JSON
 * `{"act","challenge","user","v":1}`, in lower-case hex (QH64, RFC 6287 section 6.3). No transaction has the member
 * `act`, so no code fits both.
 * @param challenge as issued by `POST /v1/challenges`: lower-case hex. Of `reset_password`: SHA-256 of the reset's secret
 */
export function actQuestion(act: Act, challenge: string, username: string): string {
  return hash(
    'sha256',
    `{"act":"${act}","challenge":"${challenge}","user":${jsonString(username)},"v":1}`,
    'hex',
  );
}

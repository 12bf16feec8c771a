// Brings docs/protocol.md up to date: its table of errors, and the values of its bounds. node test/docs/protocol-tables.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { RefusalCode } from '../../src/domain/errors.ts';
import { LIMITS } from '../../src/limits.ts';
import { ERRORS } from '../../src/wire/errors.ts';
import { section, withSection } from './markdown.ts';

export const PROTOCOL = new URL('../../docs/protocol.md', import.meta.url);

/** What a message of the TCP protocol may be refused by. The others are answered over REST and to the operator's commands. */
export const TCP_CODES: readonly RefusalCode[] = [
  'line_too_long',
  'json_invalid',
  'message_invalid',
  'action_unknown',
  'errors_too_many',
  'session_required',
  'session_ended',
  'credentials_invalid',
  'username_taken',
  'username_invalid',
  'password_too_short',
  'password_too_long',
  'registration_closed',
  'user_disabled',
  'locked',
  'rate_limited',
  'connections_too_many',
  'busy',
  'unavailable',
  'shutting_down',
  'data_invalid',
  'account_invalid',
  'amount_invalid',
  'currency_unknown',
  'challenge_missing',
  'challenge_unknown',
  'challenge_expired',
  'challenge_spent',
  'mac_required',
  'mac_mismatch',
  'code_required',
  'bound_code_required',
  'code_wrong',
  'code_spent',
  'idempotency_mismatch',
  'identity_unknown',
  'identity_key_invalid',
  'identity_key_taken',
  'message_unknown',
  'message_form_invalid',
  'message_repeated',
  'recipient_unknown',
  'recipients_too_many',
  'outbox_full',
  'inbox_full',
  'delivery_receipt_invalid',
];

export function errorTable(): string {
  const head =
    '| `error` | `status` | HTTP | counts | what happened | `mensaje` |\n| --- | --- | --- | --- | --- | --- |\n';
  const rows = TCP_CODES.map((code) => {
    const { tcp, http, counts, en, es } = ERRORS[code];
    const weight = counts === 'no' ? '' : counts;
    return `| \`${code}\` | ${tcp} | ${http} | ${weight} | ${en.title}. ${en.detail} | ${es.title}. ${es.detail} |\n`;
  });
  return head + rows.join('');
}

/** The rows stay as they are, but for the values. */
function boundsUpToDate(table: string): string {
  const limits: Readonly<Record<string, number>> = LIMITS;
  return table.replace(/^\| `(\w+)` \| \d+ \|/gm, (_, name) => `| \`${name}\` | ${limits[name]} |`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const page = readFileSync(PROTOCOL, 'utf8');
  const bounds = boundsUpToDate(section(page, 'bounds'));
  writeFileSync(PROTOCOL, withSection(withSection(page, 'bounds', bounds), 'errors', errorTable()));
}

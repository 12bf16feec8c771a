import type { JournalEntry } from '../../api/operations.ts';

/** A sentence for a journal entry: its key in the texts (`history.events`) and its tone. */
export interface Sentence {
  readonly name: string;
  readonly tone: 'good' | 'bad' | 'plain';
  /** Whether the sentence already tells the reason of the entry. */
  readonly reasonTold: boolean;
}

const NAMES: ReadonlySet<string> = new Set([
  'user_registered',
  'login_accepted',
  'login_refused',
  'login_locked',
  'session_ended',
  'token_enrolled',
  'token_activated',
  'token_revoked',
  'code_accepted',
  'code_refused',
  'transaction_requested',
  'transaction_approved',
  'transaction_refused',
  'transaction_expired',
  'transaction_cancelled',
  'key_rotated',
  'identity_enrolled',
  'identity_offered',
  'identity_used',
  'identity_revoked',
  'message_sent',
  'message_delivered',
  'message_deleted',
  'admin_identity_verified',
  'admin_user_disabled',
  'admin_user_enabled',
  'admin_user_unlocked',
  'admin_enrolment_invited',
  'admin_recovery_asked',
  'admin_recovery_confirmed',
  'admin_recovery_cancelled',
  'admin_password_changed',
  'admin_password_reset',
  'admin_recovery_codes_made',
]);

/** Events that have a sentence of their own for passkeys. */
const PASSKEY_EVENTS: ReadonlySet<string> = new Set(['login_accepted', 'token_enrolled', 'token_revoked']);

/** Sentences that have one more for a recovery code in place of a code of a token. */
const RECOVERY_SENTENCES: ReadonlySet<string> = new Set([
  'login_accepted',
  'token_enrolled',
  'token_enrolled_passkey',
  'enrolment_asked',
]);

/** Chooses the sentence for a journal entry. Unknown types are shown by their name. */
export function sentenceOf({ body }: Pick<JournalEntry, 'body'>): Sentence {
  const { type, detail, user, reason } = body;
  const name = type.replaceAll('.', '_');
  const recovered = detail?.recovery_codes_left !== undefined;
  const told = (as: string, reasonTold = false): Sentence => ({
    name: recovered && RECOVERY_SENTENCES.has(as) ? `${as}_recovery` : as,
    tone: toneOf(type),
    reasonTold,
  });
  if (!NAMES.has(name)) return told('other');
  if (PASSKEY_EVENTS.has(name) && detail?.method === 'passkey') return told(`${name}_passkey`);
  if (name === 'admin_enrolment_invited' && detail?.by === user) return told('enrolment_asked');
  if (name === 'admin_password_changed' && detail?.by === user) return told('password_changed');
  // The first step of a log-in in two.
  if (name === 'login_refused' && reason === 'code_required')
    return { name: 'login_code_asked', tone: 'plain', reasonTold: true };
  if (name === 'code_accepted' && detail?.method === 'resynchronisation') return told('token_resynchronised');
  if (name === 'session_ended' && reason === 'idle') return told('session_idle', true);
  if (name === 'session_ended' && reason === 'log_out') return told('session_left', true);
  if (name === 'session_ended' && reason === 'revoked') {
    if (detail?.kind === 'enrolment') return told('enrolment_withdrawn', true);
    return told(typeof detail?.label === 'string' ? 'session_revoked_name' : 'session_revoked', true);
  }
  return told(name);
}

function toneOf(type: string): Sentence['tone'] {
  if (/\.(refused|locked|user_disabled)$/.test(type)) return 'bad';
  if (/\.(approved|accepted|activated|registered|user_enabled|user_unlocked)$/.test(type)) return 'good';
  return 'plain';
}

/** Entry types that have words, as the journal writes them. */
export const ENTRY_TYPES = [
  'user.registered',
  'login.accepted',
  'login.refused',
  'login.locked',
  'session.ended',
  'token.enrolled',
  'token.activated',
  'token.revoked',
  'code.accepted',
  'code.refused',
  'transaction.requested',
  'transaction.approved',
  'transaction.refused',
  'transaction.expired',
  'transaction.cancelled',
  'key.rotated',
  'identity.enrolled',
  'identity.revoked',
  'message.sent',
  'dataset.created',
  'dataset.rotated',
  'dataset.destroyed',
  'dataset.key_given',
  'surrogates.reversed',
  'message.delivered',
  'message.deleted',
  'admin.user_disabled',
  'admin.user_enabled',
  'admin.user_unlocked',
  'admin.enrolment_invited',
  'admin.recovery_asked',
  'admin.recovery_confirmed',
  'admin.recovery_cancelled',
  'admin.password_changed',
  'admin.password_reset',
  'admin.user_removed',
  'admin.user_erased',
  'admin.identity_verified',
  'admin.recovery_codes_made',
  'admin.service_created',
  'admin.service_key_rotated',
  'admin.service_key_revoked',
  'admin.service_scopes_set',
  'admin.service_disabled',
  'admin.service_enabled',
  'admin.webhook_created',
  'admin.webhook_changed',
  'admin.webhook_deleted',
  'admin.webhook_secret_rotated',
  'admin.webhook_disabled',
  'admin.webhook_tested',
  'admin.webhook_retried',
  'admin.webhook_replayed',
  'admin.exported',
  'admin.rate_limited',
  'admin.rollback_accepted',
] as const;

/** Groups of types that the server knows, and their words in the texts (`journal.groups`). */
export const TYPE_GROUPS = [
  { value: '*.refused,*.locked', word: 'refusals' },
  { value: 'transaction.*', word: 'transaction' },
  { value: 'login.*', word: 'login' },
  { value: 'code.*', word: 'code' },
  { value: 'token.*', word: 'token' },
  { value: 'admin.*', word: 'admin' },
] as const;

type EntryType = (typeof ENTRY_TYPES)[number];
type Underscored<Name extends string> = Name extends `${infer Area}.${infer Rest}` ? `${Area}_${Rest}` : Name;

/** Key of a type's words in the texts (`journal.types`). */
export type EntryWord = Underscored<EntryType>;

export function wordOf(type: string): EntryWord | undefined {
  const known = ENTRY_TYPES.find((each) => each === type);
  return known?.replace('.', '_') as EntryWord | undefined;
}

export type Tone = 'good' | 'bad' | 'plain';

export function toneOf(type: string): Tone {
  if (/\.(refused|locked|rate_limited|user_disabled|service_disabled|webhook_disabled)$/.test(type))
    return 'bad';
  if (/\.(approved|accepted|activated)$/.test(type)) return 'good';
  return 'plain';
}

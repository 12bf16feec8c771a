/**
 * The tables whose rows of a user go when the user is erased, in that order; the names and the user's own row come last, as
 * each store keeps them. Rows of the user's messages at their recipients come before these (`eraseSent`).
 */
export const ERASED_TABLES = [
  ...['inbox', 'message_parts', 'staged_messages', 'messages'],
  ...['identity_keys', 'identity_secrets', 'identities', 'push_subscriptions', 'user_activity'],
  ...['transactions', 'passkeys', 'sessions', 'tokens', 'answers'],
] as const;

/** @param mark the parameter of the user's id */
export function eraseSent(mark: string): string {
  return `DELETE FROM inbox WHERE sender_id = ${mark} AND message_id IN (SELECT message_id FROM messages WHERE user_id = ${mark})`;
}

/** @param mark the parameter of the user's id */
export function eraseFrom(table: string, mark: string): string {
  return `DELETE FROM ${table} WHERE user_id = ${mark}`;
}

/** A refused request, returned as a value. Texts and statuses of the codes: src/wire/errors.ts. */
export interface Refusal {
  readonly refused: RefusalCode;
  /** Exact: the same request sent this many milliseconds later is evaluated. */
  readonly retryAfterMs?: number;
  /** Public and short, such as the member or bound in question. Never a secret or an internal detail. */
  readonly detail?: string;
}

export function refuse(refused: RefusalCode, more?: Omit<Refusal, 'refused'>): Refusal {
  return more ? { refused, ...more } : { refused };
}

/** For `refuse`: the time to wait, left out where there is none. */
export function retryAfter(ms: number): { readonly retryAfterMs: number } | undefined {
  return ms > 0 ? { retryAfterMs: ms } : undefined;
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}

export type RefusalCode =
  // the message itself
  | 'line_too_long'
  | 'json_invalid'
  | 'message_invalid'
  | 'action_unknown'
  | 'errors_too_many'
  | 'headers_too_long'
  | 'request_too_slow'
  | 'resource_unknown'
  | 'method_not_allowed'
  | 'content_type_unsupported'
  | 'cursor_invalid'
  | 'streams_too_many'
  // the caller
  | 'session_required'
  | 'session_ended'
  | 'credentials_invalid'
  | 'username_taken'
  | 'username_invalid'
  | 'password_too_short'
  | 'password_too_long'
  | 'registration_closed'
  | 'setup_code_invalid'
  | 'user_unknown'
  | 'user_disabled'
  | 'caller_wrong'
  | 'own_account'
  | 'transactions_waiting'
  | 'session_unknown'
  | 'session_scope'
  | 'csrf_invalid'
  | 'service_key_expired'
  | 'signature_invalid'
  | 'content_digest_wrong'
  // the pace
  | 'locked'
  | 'rate_limited'
  | 'connections_too_many'
  | 'busy'
  | 'backup_folder_invalid'
  | 'backup_elsewhere'
  | 'sink_unknown'
  | 'sink_elsewhere'
  | 'sink_position_invalid'
  | 'operation_cancelled'
  | 'unavailable'
  | 'shutting_down'
  // the transaction
  | 'data_invalid'
  | 'account_invalid'
  | 'amount_invalid'
  | 'currency_unknown'
  | 'challenge_missing'
  | 'challenge_unknown'
  | 'challenge_expired'
  | 'challenge_spent'
  | 'mac_required'
  | 'mac_mismatch'
  | 'code_required'
  | 'bound_code_required'
  | 'proof_required'
  | 'authenticator_required'
  | 'recovery_required'
  | 'recovery_pending'
  | 'recovery_unknown'
  | 'recovery_unneeded'
  | 'second_administrator_required'
  | 'password_required'
  | 'reset_unknown'
  | 'code_wrong'
  | 'code_spent'
  | 'idempotency_mismatch'
  | 'transaction_unknown'
  | 'transaction_decided'
  | 'transactions_too_many'
  | 'receipt_unavailable'
  | 'not_sealed_yet'
  // services and roles
  | 'service_unknown'
  | 'service_name_taken'
  | 'service_invalid'
  | 'service_key_unknown'
  | 'service_key_last'
  | 'scope_missing'
  | 'webhook_unknown'
  | 'webhook_invalid'
  | 'webhook_address_refused'
  | 'webhook_delivery_unknown'
  | 'webhooks_too_many'
  | 'push_off'
  | 'push_subscription_invalid'
  | 'already_running'
  // tokens
  | 'tokens_too_many'
  | 'token_unknown'
  | 'token_not_pending'
  | 'token_parameters_invalid'
  | 'token_parameters_ignored'
  | 'enrolment_unknown'
  | 'enrolment_expired'
  | 'device_key_invalid'
  // datasets
  | 'dataset_unknown'
  | 'dataset_exists'
  | 'dataset_invalid'
  | 'dataset_destroyed'
  | 'datasets_too_many'
  | 'dataset_versions_too_many'
  | 'domain_invalid'
  | 'identifier_invalid'
  | 'surrogate_invalid'
  // passkeys
  | 'passkey_invalid'
  | 'passkey_refused'
  | 'passkey_unknown'
  | 'passkeys_too_many'
  // identities and messages
  | 'identity_unknown'
  | 'identity_key_invalid'
  | 'identity_key_taken'
  | 'identity_changed'
  | 'vault_keys_unknown'
  | 'message_unknown'
  | 'message_form_invalid'
  | 'message_repeated'
  | 'recipient_unknown'
  | 'recipients_too_many'
  | 'outbox_full'
  | 'inbox_full'
  | 'delivery_receipt_invalid';

/** The store cannot answer, or the outcome of an append is unknown. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
}

/** A row says something else than the journal entry that decided it: the database was changed from outside, or is damaged. */
export class ContradictedRow extends StoreUnavailable {
  override name = 'ContradictedRow';
}

/** The key vault cannot answer. */
export class VaultUnavailable extends Error {
  override name = 'VaultUnavailable';
}

/** The process cannot start, and the operator can fix the cause: `message` says how. Printed without a stack. */
export class StartRefused extends Error {
  override name = 'StartRefused';
}

/** The HSM refused the PIN. Trying it again may lock the slot. */
export class PinRefused extends StartRefused {
  override name = 'PinRefused';
}

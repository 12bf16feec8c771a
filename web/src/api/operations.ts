// Written by scripts/web-api-types.ts from the OpenAPI document; not to be changed by hand.

export type AttackVerdict = {
  readonly name: string;
  readonly held: boolean;
  readonly verdict: 'HELD' | 'BROKEN';
  readonly took_ms: number;
  readonly steps: readonly {
    readonly id: string;
    readonly what: string;
    readonly original?: string;
    readonly sent: string;
    readonly received: string;
    readonly journal?: string;
    readonly expected: string;
    readonly held: boolean;
  }[];
  readonly skipped: readonly {
    readonly id: string;
    readonly what: string;
    readonly why: string;
  }[];
  readonly figures: Readonly<Record<string, number>>;
};

export type BrowserSession = {
  readonly username: string;
  readonly role: 'user' | 'admin' | 'auditor';
  readonly kind: 'login' | 'device';
  readonly expires_at: string;
  readonly csrf_token?: string;
};

export type Challenge = {
  readonly nonce: string;
  readonly expires_at: string;
};

export type Dataset = {
  readonly name: string;
  readonly versions: readonly {
    readonly version: number;
    readonly status: 'active' | 'retired' | 'destroyed';
    readonly created_at: string;
    readonly changed_at: string;
  }[];
};

export type DeviceKey = {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly ext?: boolean;
  readonly key_ops?: readonly string[];
  readonly use?: string;
  readonly alg?: string;
  readonly kid?: string;
};

export type EnrolledToken = {
  readonly id: string;
  readonly type: 'totp' | 'hotp' | 'ocra';
  readonly digits: number;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly secret: string;
  readonly otpauth_uri?: string;
  readonly period_s?: number;
  readonly suite?: string;
  readonly activation_question?: string;
};

export type EnrolmentInvitation = {
  readonly code: string;
  readonly link: string;
  readonly expires_at: string;
};

export type EventSink = {
  readonly sink: string;
  readonly state: 'waiting' | 'connecting' | 'running' | 'failed' | 'stopped';
  readonly next_index: number;
  readonly lag: number;
  readonly lag_ms: number;
  readonly under_way: number;
  readonly acknowledged: number;
  readonly failures: number;
  readonly problem: {
    readonly kind: string;
    readonly message: string;
    readonly since: string;
  } | null;
};

export type Identity = {
  readonly user: string;
  readonly sign_jwk: PublicKey;
  readonly seal_jwk: PublicKey;
  readonly level: 'self_asserted' | 'operator' | 'factor';
  readonly custody: 'device' | 'vault';
  readonly index: number | null;
  readonly entry: {
    readonly body: string;
    readonly previous: string;
  };
};

export type IssuedSession = {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_at: string;
  readonly session: string;
  readonly session_expires_at: string;
  readonly kind: 'login' | 'device';
};

export type JournalEntry = {
  readonly position?: number;
  readonly hash: string;
  readonly content_absent?: true;
  readonly body: {
    readonly at: string;
    readonly type: string;
    readonly user: string;
    readonly version: number;
    readonly reason?: string;
    readonly detail?: Readonly<Record<string, string | number | boolean>>;
    readonly transaction?: {
      readonly amount: string;
      readonly challenge: string;
      readonly currency: string;
      readonly id: string;
      readonly payee: string;
      readonly payer: string;
      readonly v: number;
    };
  };
};

export type JournalVerification = {
  readonly status: 'none' | 'running' | 'whole' | 'faulty' | 'failed';
  readonly started_at?: string;
  readonly finished_at?: string;
  readonly entries: number;
  readonly users: number;
  readonly fault?: {
    readonly entry: number;
    readonly user: string;
    readonly version: number;
    readonly reason: string;
    readonly detail: string;
  };
};

export type KeyOfService = {
  readonly id: string;
  readonly hint: string | null;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
};

export type ListedUser = {
  readonly id: string;
  readonly username: string;
  readonly role: 'user' | 'admin' | 'auditor';
  readonly disabled: boolean;
  readonly created_at: string;
  readonly tokens: number;
  readonly sessions: number;
  readonly pending_transactions: number;
  readonly password_locked_until: string | null;
  readonly code_locked_until: string | null;
  readonly last_login_at: string | null;
};

export type Message = {
  readonly id: string;
  readonly from: string;
  readonly at: string;
  readonly bytes: number;
};

export type NewUser = {
  readonly id: string;
  readonly username: string;
  readonly role: 'user' | 'auditor';
  readonly invitation: PasswordReset | null;
};

export type Overview = {
  readonly at: string;
  readonly started_at: string;
  readonly uptime_ms: number;
  readonly versions: {
    readonly sello: string;
    readonly node: string;
  };
  readonly custody: 'hsm' | 'cached';
  readonly key_version: number | null;
  readonly minutes: readonly {
    readonly at: string;
    readonly approved: number;
    readonly refused: number;
    readonly requested: number;
    readonly log_ins: number;
    readonly other: number;
  }[];
  readonly last_minute: {
    readonly decisions: number;
    readonly approved: number;
    readonly refused: number;
    readonly requested: number;
    readonly log_ins: number;
    readonly other: number;
  };
  readonly last_hour: {
    readonly decisions: number;
    readonly approved: number;
    readonly refused: number;
    readonly requested: number;
    readonly log_ins: number;
    readonly other: number;
  };
  readonly last_day: {
    readonly decisions: number;
    readonly approved: number;
    readonly refused: number;
    readonly requested: number;
    readonly log_ins: number;
    readonly other: number;
  };
  readonly counted_until: string | null;
  readonly refusals: readonly {
    readonly reason: string;
    readonly count: number;
  }[];
  readonly latency_ms: {
    readonly requests: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly batches: {
    readonly count: number;
    readonly mean_size: number;
    readonly max_size: number;
  };
  readonly queues: {
    readonly decisions_waiting: number;
    readonly passwords_waiting: number;
    readonly requests_waiting: number;
    readonly event_streams: number;
    readonly http_connections: number;
    readonly tcp_connections: number;
  };
  readonly users: {
    readonly locked: number;
    readonly cached: number;
  };
  readonly parts: readonly {
    readonly part: string;
    readonly up: boolean;
    readonly degraded: boolean;
    readonly latency_ms: number;
  }[];
};

export type OwnSession = {
  readonly id: string;
  readonly kind: 'login' | 'device' | 'enrolment';
  readonly label: string;
  readonly token: string | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly current: boolean;
};

export type Passkey = {
  readonly id: string;
  readonly label: string;
  readonly created_at: string;
};

export type PasskeyAuthenticationResponse = {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly authenticatorAttachment?: 'platform' | 'cross-platform';
  readonly clientExtensionResults: Readonly<Record<string, unknown>>;
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle?: string;
  };
};

export type PasskeyRegistrationResponse = {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly authenticatorAttachment?: 'platform' | 'cross-platform';
  readonly clientExtensionResults: Readonly<Record<string, unknown>>;
  readonly response: {
    readonly clientDataJSON: string;
    readonly attestationObject: string;
    readonly authenticatorData?: string;
    readonly publicKey?: string;
    readonly publicKeyAlgorithm?: number;
    readonly transports?: readonly string[];
  };
};

export type PasswordReset = {
  readonly reset: string;
  readonly link: string;
  readonly expires_at: string;
};

export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retry_after_ms?: number;
  readonly request_id: string;
};

export type PublicKey = {
  readonly crv: 'P-256';
  readonly kty: 'EC';
  readonly x: string;
  readonly y: string;
};

export type PushSubscription = {
  readonly server_key: string | null;
  readonly endpoint: string | null;
};

export type Recovery = {
  readonly asked_by: string;
  readonly asked_at: string;
  readonly confirmed_by: string | null;
  readonly ready_at: string | null;
};

export type Service = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly disabled: boolean;
  readonly created_at: string;
  readonly keys: readonly KeyOfService[];
};

export type ServiceKey = {
  readonly name: string;
  readonly key: string;
};

export type Token = {
  readonly id: string;
  readonly type: 'totp' | 'hotp' | 'ocra';
  readonly status: 'pending' | 'active' | 'revoked';
  readonly digits: number;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly period_s?: number;
  readonly suite?: string;
  readonly label: string;
  readonly created_at: string;
  readonly uses: number;
  readonly last_used_at: string | null;
  readonly drift_steps: number;
  readonly locked_until: string | null;
};

export type TokenUse = {
  readonly at: string;
  readonly accepted: boolean;
  readonly reason?: string;
  readonly for: 'log_in' | 'transaction' | 'validation' | 'activation';
  readonly transaction?: string;
};

export type Transaction = {
  readonly id: string;
  readonly status: 'pending' | 'approved' | 'refused' | 'expired' | 'cancelled';
  readonly payer: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;
  readonly payee_resembles?: string;
  readonly requested_by?: {
    readonly service: string;
    readonly reference?: string;
    readonly message?: string;
  };
  readonly challenge?: string;
  readonly challenge_short?: string;
  readonly requested_at: string;
  readonly expires_at?: string;
  readonly decided_at?: string;
  readonly reason?: string;
  readonly receipt?: string;
  readonly required?: readonly 'bound_code'[];
  readonly limit?: string;
};

export type User = {
  readonly id: string;
  readonly username: string;
  readonly role: 'user' | 'admin' | 'auditor';
  readonly disabled: boolean;
  readonly created_at: string;
  readonly tokens: number;
  readonly sessions: number;
  readonly pending_transactions: number;
  readonly password_locked_until: string | null;
  readonly code_locked_until: string | null;
};

export type UserTransaction = {
  readonly id: string;
  readonly status: 'pending' | 'approved' | 'refused' | 'expired' | 'cancelled';
  readonly payer: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;
  readonly payee_resembles?: string;
  readonly requested_by?: {
    readonly service: string;
    readonly reference?: string;
    readonly message?: string;
  };
  readonly challenge?: string;
  readonly challenge_short?: string;
  readonly requested_at: string;
  readonly expires_at?: string;
  readonly decided_at?: string;
  readonly reason?: string;
  readonly receipt?: string;
  readonly required?: readonly 'bound_code'[];
  readonly limit?: string;
  readonly user: string;
};

export type Webhook = {
  readonly id: string;
  readonly url: string;
  readonly types: readonly string[];
  readonly enabled: boolean;
  readonly disabled_reason?: 'failing' | 'gone';
  readonly created_at: string;
  readonly secrets: readonly {
    readonly created_at: string;
    readonly expires_at: string | null;
  }[];
  readonly next_index?: number;
  readonly outstanding?: number;
  readonly failing_since?: string | null;
};

export type WebhookDelivery = {
  readonly number: number;
  readonly event_id: string;
  readonly index: number | null;
  readonly type: string;
  readonly attempt: number;
  readonly at: string;
  readonly duration_ms: number;
  readonly outcome: string;
  readonly status: number | null;
  readonly answer: string;
  readonly next_at: string | null;
};

export type WebhookDeliveryRequest = {
  readonly number: number;
  readonly event_id: string;
  readonly index: number | null;
  readonly type: string;
  readonly attempt: number;
  readonly at: string;
  readonly duration_ms: number;
  readonly outcome: string;
  readonly status: number | null;
  readonly answer: string;
  readonly next_at: string | null;
  readonly request: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  };
};

export type WebhookRequested = {
  readonly id: string;
};

export type WebhookSecret = {
  readonly id: string;
  readonly secret: string;
};

/** Each call: what it is sent, and what it answers when it succeeds. */
export interface Operations {
  'DELETE /v1/admin/identities/{user}': {
    path: {
      readonly user: string;
    };
    answer: undefined;
  };
  'DELETE /v1/admin/services/{name}/keys/{key}': {
    path: {
      readonly name: string;
      readonly key: string;
    };
    answer: Service;
  };
  'DELETE /v1/admin/users/{id}/recovery': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'DELETE /v1/admin/users/{id}/tokens/{token}': {
    path: {
      readonly id: string;
      readonly token: string;
    };
    answer: undefined;
  };
  'DELETE /v1/admin/webhooks/{id}': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'DELETE /v1/datasets/{name}': {
    path: {
      readonly name: string;
    };
    answer: Dataset;
  };
  'DELETE /v1/datasets/{name}/versions/{version}': {
    path: {
      readonly name: string;
      readonly version: number;
    };
    answer: Dataset;
  };
  'DELETE /v1/identities/current': {
    answer: undefined;
  };
  'DELETE /v1/messages/{id}': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'DELETE /v1/passkeys/{id}': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'DELETE /v1/recovery': {
    answer: undefined;
  };
  'DELETE /v1/sessions/current': {
    answer: undefined;
  };
  'DELETE /v1/sessions/current/push-subscription': {
    answer: undefined;
  };
  'DELETE /v1/sessions/{id}': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'DELETE /v1/tokens/{id}': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'GET /.well-known/jwks.json': {
    answer: {
      readonly keys: readonly {
        readonly kty: string;
        readonly crv: string;
        readonly x: string;
        readonly y: string;
        readonly kid: string;
      }[];
    };
  };
  'GET /healthz': {
    answer: {
      readonly status: 'ok';
    };
  };
  'GET /log/checkpoint': {
    answer: undefined;
  };
  'GET /log/tile/{tile}': {
    path: {
      readonly tile: string;
    };
    answer: undefined;
  };
  'GET /log/vkey': {
    answer: undefined;
  };
  'GET /metrics': {
    answer: undefined;
  };
  'GET /readyz': {
    query?: {
      readonly unready?: '404' | '503';
    };
    answer: {
      readonly status: 'ready' | 'not_ready';
      readonly parts: Readonly<Record<string, 'up' | 'degraded' | 'down'>>;
    };
  };
  'GET /v1/admin/configuration': {
    answer: {
      readonly keys: readonly {
        readonly key: string;
        readonly value: unknown;
        readonly source: string;
        readonly secret: boolean;
        readonly description: string;
      }[];
    };
  };
  'GET /v1/admin/health': {
    answer: {
      readonly parts: readonly {
        readonly part: string;
        readonly up: boolean;
        readonly degraded: boolean;
        readonly latency_ms: number;
      }[];
      readonly uptime_ms: number;
      readonly decisions_waiting: number;
      readonly users_cached: number;
      readonly event_streams: number;
      readonly requests_waiting: number;
    };
  };
  'GET /v1/admin/journal': {
    query?: {
      readonly user?: string;
      readonly type?: string;
      readonly from?: string;
      readonly to?: string;
      readonly transaction?: string;
      readonly payee?: string;
      readonly text?: string;
      readonly service?: string;
      readonly address?: string;
      readonly reason?: string;
      readonly amount_min?: string;
      readonly amount_max?: string;
      readonly currency?: string;
      readonly order?: 'newest' | 'oldest';
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly entries: readonly JournalEntry[];
      readonly next_cursor: string | null;
      readonly searched_to?: string;
      readonly indexed_to: number;
    };
  };
  'GET /v1/admin/journal/export': {
    answer: undefined;
  };
  'GET /v1/admin/journal/selection': {
    query?: {
      readonly user?: string;
      readonly type?: string;
      readonly from?: string;
      readonly to?: string;
      readonly transaction?: string;
      readonly payee?: string;
      readonly text?: string;
      readonly service?: string;
      readonly address?: string;
      readonly reason?: string;
      readonly amount_min?: string;
      readonly amount_max?: string;
      readonly currency?: string;
      readonly order?: 'newest' | 'oldest';
      readonly format?: 'csv' | 'ndjson';
    };
    answer: undefined;
  };
  'GET /v1/admin/journal/verification': {
    answer: JournalVerification;
  };
  'GET /v1/admin/keys': {
    answer: {
      readonly custody: 'hsm' | 'cached';
      readonly key_version: number;
      readonly signing_keys: readonly {
        readonly kid: string;
        readonly active: boolean;
      }[];
    };
  };
  'GET /v1/admin/log': {
    answer: {
      readonly verifier_key: string;
      readonly checkpoint: {
        readonly size: number;
        readonly at: string;
        readonly origin: string;
        readonly root: string;
        readonly note: string;
      } | null;
      readonly entries_waiting: number;
      readonly sealing: boolean;
      readonly failing: boolean;
      readonly witnesses: readonly {
        readonly name: string;
        readonly status: 'waiting' | 'signing' | 'failing';
        readonly signed_size: number;
        readonly reason: string;
      }[];
      readonly archive: {
        readonly archived: number;
        readonly archived_at: string | null;
        readonly users_erased: number;
        readonly erasures_running: number;
      };
    };
  };
  'GET /v1/admin/overview': {
    answer: Overview;
  };
  'GET /v1/admin/overview/events': {
    answer: undefined;
  };
  'GET /v1/admin/services': {
    query?: {
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly services: readonly Service[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/admin/sinks': {
    answer: {
      readonly log_size: number;
      readonly sinks: readonly EventSink[];
    };
  };
  'GET /v1/admin/transactions': {
    query?: {
      readonly status?: 'pending' | 'approved' | 'refused' | 'expired' | 'cancelled';
      readonly user?: string;
      readonly payee?: string;
      readonly text?: string;
      readonly amount_min?: string;
      readonly amount_max?: string;
      readonly currency?: string;
      readonly service?: string;
      readonly from?: string;
      readonly to?: string;
      readonly order?: 'newest' | 'oldest';
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly transactions: readonly UserTransaction[];
      readonly next_cursor: string | null;
      readonly searched_to?: string;
      readonly indexed_to: number;
    };
  };
  'GET /v1/admin/transactions/selection': {
    query?: {
      readonly status?: 'pending' | 'approved' | 'refused' | 'expired' | 'cancelled';
      readonly user?: string;
      readonly payee?: string;
      readonly text?: string;
      readonly amount_min?: string;
      readonly amount_max?: string;
      readonly currency?: string;
      readonly service?: string;
      readonly from?: string;
      readonly to?: string;
      readonly order?: 'newest' | 'oldest';
      readonly format?: 'csv' | 'ndjson';
    };
    answer: undefined;
  };
  'GET /v1/admin/transactions/{id}': {
    path: {
      readonly id: string;
    };
    query: {
      readonly user: string;
    };
    answer: {
      readonly transaction: UserTransaction;
      readonly entries: readonly JournalEntry[];
      readonly receipt?: string;
    };
  };
  'GET /v1/admin/users': {
    query?: {
      readonly search?: string;
      readonly prefix?: string;
      readonly role?: 'user' | 'admin' | 'auditor';
      readonly disabled?: 'true' | 'false';
      readonly locked?: 'true' | 'false';
      readonly token?: 'true' | 'false';
      readonly last_login_from?: string;
      readonly last_login_to?: string;
      readonly sort?: 'registered' | '-registered' | 'name' | '-name' | 'last_login' | '-last_login';
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly users: readonly ListedUser[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/admin/users/selection': {
    query?: {
      readonly search?: string;
      readonly prefix?: string;
      readonly role?: 'user' | 'admin' | 'auditor';
      readonly disabled?: 'true' | 'false';
      readonly locked?: 'true' | 'false';
      readonly token?: 'true' | 'false';
      readonly last_login_from?: string;
      readonly last_login_to?: string;
      readonly sort?: 'registered' | '-registered' | 'name' | '-name' | 'last_login' | '-last_login';
      readonly format?: 'csv' | 'ndjson';
    };
    answer: undefined;
  };
  'GET /v1/admin/users/{id}': {
    path: {
      readonly id: string;
    };
    answer: User;
  };
  'GET /v1/admin/users/{id}/recovery': {
    path: {
      readonly id: string;
    };
    answer: {
      readonly recovery: Recovery | null;
    };
  };
  'GET /v1/admin/users/{id}/tokens': {
    path: {
      readonly id: string;
    };
    query?: {
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly tokens: readonly Token[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/admin/webhooks': {
    query?: {
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly webhooks: readonly Webhook[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/admin/webhooks/{id}': {
    path: {
      readonly id: string;
    };
    answer: Webhook;
  };
  'GET /v1/admin/webhooks/{id}/deliveries': {
    path: {
      readonly id: string;
    };
    query?: {
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly deliveries: readonly WebhookDelivery[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/admin/webhooks/{id}/deliveries/{number}': {
    path: {
      readonly id: string;
      readonly number: string;
    };
    answer: WebhookDeliveryRequest;
  };
  'GET /v1/datasets': {
    query?: {
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly datasets: readonly Dataset[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/datasets/{name}': {
    path: {
      readonly name: string;
    };
    answer: Dataset;
  };
  'GET /v1/events': {
    answer: undefined;
  };
  'GET /v1/identities': {
    answer: {
      readonly identities: readonly {
        readonly sign_jwk: PublicKey;
        readonly seal_jwk: PublicKey;
        readonly level: 'self_asserted' | 'operator' | 'factor';
        readonly enrolled_at: string;
        readonly revoked_at: string | null;
        readonly revoked_reason: 'rotated' | 'user' | 'operator' | null;
      }[];
    };
  };
  'GET /v1/identities/{user}': {
    path: {
      readonly user: string;
    };
    answer: Identity;
  };
  'GET /v1/identities/{user}/attestation': {
    path: {
      readonly user: string;
    };
    answer: {
      readonly attestation: string;
    };
  };
  'GET /v1/identities/{user}/certificate': {
    path: {
      readonly user: string;
    };
    answer: {
      readonly sign: string;
      readonly seal: string;
      readonly authority: string;
      readonly expires_at: string;
    };
  };
  'GET /v1/journal': {
    query?: {
      readonly user?: string;
      readonly type?: string;
      readonly from?: string;
      readonly to?: string;
      readonly transaction?: string;
      readonly payee?: string;
      readonly text?: string;
      readonly service?: string;
      readonly address?: string;
      readonly reason?: string;
      readonly amount_min?: string;
      readonly amount_max?: string;
      readonly currency?: string;
      readonly all?: 'true';
      readonly order?: 'newest' | 'oldest';
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly entries: readonly JournalEntry[];
      readonly next_cursor: string | null;
      readonly searched_to?: string;
      readonly indexed_to?: number;
    };
  };
  'GET /v1/journal/{index}/proof': {
    path: {
      readonly index: string;
    };
    answer: undefined;
  };
  'GET /v1/lab/attacks': {
    answer: {
      readonly running: string | null;
      readonly attacks: readonly {
        readonly name: string;
        readonly summary: string;
        readonly aim: string;
      }[];
    };
  };
  'GET /v1/messages': {
    query?: {
      readonly acknowledged?: 'true' | 'false';
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly messages: readonly Message[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/messages/{id}': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'GET /v1/messages/{id}/receipts': {
    path: {
      readonly id: string;
    };
    answer: {
      readonly receipts: readonly {
        readonly user: string;
        readonly at: string | null;
        readonly receipt: string | null;
      }[];
    };
  };
  'GET /v1/passkeys': {
    query?: {
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly passkeys: readonly Passkey[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/receipts/{transaction}': {
    path: {
      readonly transaction: string;
    };
    answer: {
      readonly receipt: string;
    };
  };
  'GET /v1/receipts/{transaction}/proof': {
    path: {
      readonly transaction: string;
    };
    answer: undefined;
  };
  'GET /v1/recovery': {
    answer: {
      readonly recovery: Recovery | null;
    };
  };
  'GET /v1/recovery-codes': {
    answer: {
      readonly left: number;
    };
  };
  'GET /v1/sessions': {
    query?: {
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly sessions: readonly OwnSession[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/sessions/current': {
    answer: BrowserSession;
  };
  'GET /v1/sessions/current/push-subscription': {
    answer: PushSubscription;
  };
  'GET /v1/tokens': {
    query?: {
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly tokens: readonly Token[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/tokens/{id}/uses': {
    path: {
      readonly id: string;
    };
    query?: {
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly uses: readonly TokenUse[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/transactions': {
    query?: {
      readonly status?: 'pending' | 'approved' | 'refused' | 'expired' | 'cancelled';
      readonly limit?: number;
      readonly cursor?: string;
    };
    answer: {
      readonly transactions: readonly Transaction[];
      readonly next_cursor: string | null;
    };
  };
  'GET /v1/transactions/{id}': {
    path: {
      readonly id: string;
    };
    query?: {
      readonly wait_s?: number;
    };
    answer: Transaction;
  };
  'PATCH /v1/admin/webhooks/{id}': {
    path: {
      readonly id: string;
    };
    body: {
      readonly types?: readonly string[];
      readonly enabled?: boolean;
    };
    answer: Webhook;
  };
  'POST /v1/admin/identities/{user}/verification': {
    path: {
      readonly user: string;
    };
    body: {
      readonly sign: string;
      readonly seen: string;
    };
    answer: undefined;
  };
  'POST /v1/admin/journal/verification': {
    answer: JournalVerification;
  };
  'POST /v1/admin/keys/rotation': {
    body: {
      readonly keep_old?: boolean;
    };
    answer: {
      readonly version: number;
      readonly rewrapped: number;
      readonly damaged: number;
      readonly old_destroyed: boolean;
    };
  };
  'POST /v1/admin/services': {
    body: {
      readonly name: string;
      readonly scopes: readonly ('transactions:write' | 'transactions:read' | 'codes:verify' | 'users:read' | 'surrogates:make' | 'surrogates:reverse')[];
      readonly expires_at?: string;
    };
    answer: ServiceKey;
  };
  'POST /v1/admin/services/{name}/disable': {
    path: {
      readonly name: string;
    };
    answer: Service;
  };
  'POST /v1/admin/services/{name}/enable': {
    path: {
      readonly name: string;
    };
    answer: Service;
  };
  'POST /v1/admin/services/{name}/keys': {
    path: {
      readonly name: string;
    };
    body: {
      readonly expires_at?: string;
    };
    answer: ServiceKey;
  };
  'POST /v1/admin/users': {
    body: {
      readonly username: string;
      readonly role?: 'user' | 'auditor';
      readonly password?: string;
    };
    answer: NewUser;
  };
  'POST /v1/admin/users/{id}/disable': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'POST /v1/admin/users/{id}/enable': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'POST /v1/admin/users/{id}/enrolments': {
    path: {
      readonly id: string;
    };
    answer: EnrolmentInvitation;
  };
  'POST /v1/admin/users/{id}/erase': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'POST /v1/admin/users/{id}/password-reset': {
    path: {
      readonly id: string;
    };
    answer: PasswordReset;
  };
  'POST /v1/admin/users/{id}/recovery': {
    path: {
      readonly id: string;
    };
    answer: Recovery;
  };
  'POST /v1/admin/users/{id}/recovery/confirmation': {
    path: {
      readonly id: string;
    };
    answer: Recovery;
  };
  'POST /v1/admin/users/{id}/unlock': {
    path: {
      readonly id: string;
    };
    answer: undefined;
  };
  'POST /v1/admin/webhooks': {
    body: {
      readonly url: string;
      readonly types?: readonly string[];
    };
    answer: WebhookSecret;
  };
  'POST /v1/admin/webhooks/{id}/deliveries/{number}/retry': {
    path: {
      readonly id: string;
      readonly number: string;
    };
    answer: WebhookRequested;
  };
  'POST /v1/admin/webhooks/{id}/replay': {
    path: {
      readonly id: string;
    };
    body: {
      readonly from: number;
    };
    answer: WebhookRequested;
  };
  'POST /v1/admin/webhooks/{id}/secrets': {
    path: {
      readonly id: string;
    };
    answer: WebhookSecret;
  };
  'POST /v1/admin/webhooks/{id}/test': {
    path: {
      readonly id: string;
    };
    answer: WebhookRequested;
  };
  'POST /v1/browser-sessions': {
    body: {
      readonly username: string;
      readonly password: string;
      readonly code?: string;
      readonly recovery_code?: string;
    };
    answer: BrowserSession;
  };
  'POST /v1/browser-sessions/passkey': {
    body: {
      readonly response: PasskeyAuthenticationResponse;
    };
    answer: BrowserSession;
  };
  'POST /v1/challenges': {
    body: {
      readonly count?: number;
    };
    answer: {
      readonly challenges: readonly Challenge[];
    };
  };
  'POST /v1/codes/validation': {
    body: {
      readonly username: string;
      readonly code: string;
      readonly transaction?: {
        readonly payer: string;
        readonly payee: string;
        readonly amount: string;
        readonly currency?: string;
        readonly challenge: string;
        readonly v?: 1;
      };
    };
    answer: {
      readonly valid: boolean;
      readonly reason?: string;
      readonly retry_after_ms?: number;
    };
  };
  'POST /v1/datasets': {
    body: {
      readonly name: string;
    };
    answer: Dataset;
  };
  'POST /v1/datasets/{name}/reversals': {
    path: {
      readonly name: string;
    };
    body: {
      readonly domain: string;
      readonly surrogates: readonly string[];
      readonly mode?: 'siv' | 'hmac' | 'ff1';
      readonly alphabet?: string;
      readonly version?: number;
    };
    answer: {
      readonly values: readonly string[];
    };
  };
  'POST /v1/datasets/{name}/surrogates': {
    path: {
      readonly name: string;
    };
    body: {
      readonly domain: string;
      readonly values: readonly string[];
      readonly mode?: 'siv' | 'hmac' | 'ff1';
      readonly alphabet?: string;
      readonly version?: number;
    };
    answer: {
      readonly surrogates: readonly string[];
    };
  };
  'POST /v1/datasets/{name}/versions': {
    path: {
      readonly name: string;
    };
    answer: Dataset;
  };
  'POST /v1/enrolments': {
    body: {
      readonly code?: string;
      readonly challenge?: string;
      readonly passkey?: {
        readonly id: string;
        readonly rawId: string;
        readonly type: 'public-key';
        readonly authenticatorAttachment?: 'platform' | 'cross-platform';
        readonly clientExtensionResults: Readonly<Record<string, unknown>>;
        readonly response: {
          readonly clientDataJSON: string;
          readonly authenticatorData: string;
          readonly signature: string;
          readonly userHandle?: string;
        };
      };
      readonly recovery_code?: string;
    };
    answer: EnrolmentInvitation;
  };
  'POST /v1/enrolments/claim': {
    body: {
      readonly code: string;
      readonly device_key: DeviceKey;
      readonly label?: string;
      readonly type?: 'ocra' | 'totp';
      readonly password?: string;
    };
    answer: {
      readonly jwe: string;
    };
  };
  'POST /v1/identities': {
    body: {
      readonly sign_jwk: Readonly<Record<string, unknown>>;
      readonly seal_jwk: Readonly<Record<string, unknown>>;
      readonly code: string;
    };
    answer: Identity;
  };
  'POST /v1/identities/vault': {
    body: Readonly<Record<string, unknown>>;
    answer: {
      readonly sign_jwk: PublicKey;
      readonly seal_jwk: PublicKey;
    };
  };
  'POST /v1/identities/vault/uses': {
    body: {
      readonly uses: readonly ({
        readonly sign: string;
      } | {
        readonly open: PublicKey;
      })[];
      readonly challenge: string;
      readonly code: string;
    };
    answer: {
      readonly results: readonly ({
        readonly signature: string;
      } | {
        readonly key: string;
      })[];
    };
  };
  'POST /v1/lab/attacks/{name}': {
    path: {
      readonly name: string;
    };
    body: Readonly<Record<string, unknown>>;
    answer: AttackVerdict;
  };
  'POST /v1/messages': {
    body: {
      readonly protected: string;
      readonly recipients: readonly {
        readonly header: {
          readonly alg: 'ECDH-ES+A256KW';
          readonly kid: string;
          readonly epk: {
            readonly crv: 'P-256';
            readonly kty: 'EC';
            readonly x: string;
            readonly y: string;
          };
        };
        readonly encrypted_key: string;
      }[];
      readonly iv: string;
      readonly ciphertext: string;
      readonly tag: string;
    };
    answer: {
      readonly id: string;
    };
  };
  'POST /v1/messages/{id}/receipt': {
    path: {
      readonly id: string;
    };
    body: {
      readonly receipt: string;
    };
    answer: undefined;
  };
  'POST /v1/passkeys': {
    body: {
      readonly response: PasskeyRegistrationResponse;
      readonly label?: string;
      readonly code?: string;
      readonly challenge?: string;
      readonly passkey?: {
        readonly id: string;
        readonly rawId: string;
        readonly type: 'public-key';
        readonly authenticatorAttachment?: 'platform' | 'cross-platform';
        readonly clientExtensionResults: Readonly<Record<string, unknown>>;
        readonly response: {
          readonly clientDataJSON: string;
          readonly authenticatorData: string;
          readonly signature: string;
          readonly userHandle?: string;
        };
      };
      readonly recovery_code?: string;
    };
    answer: Passkey;
  };
  'POST /v1/passkeys/challenges': {
    body: Readonly<Record<string, unknown>>;
    answer: Readonly<Record<string, unknown>>;
  };
  'POST /v1/passkeys/options': {
    body: Readonly<Record<string, unknown>>;
    answer: Readonly<Record<string, unknown>>;
  };
  'POST /v1/password-resets': {
    body: {
      readonly reset: string;
      readonly password: string;
      readonly code?: string;
    };
    answer: {
      readonly username: string;
    };
  };
  'POST /v1/recovery-codes': {
    body: {
      readonly code?: string;
      readonly challenge?: string;
      readonly passkey?: {
        readonly id: string;
        readonly rawId: string;
        readonly type: 'public-key';
        readonly authenticatorAttachment?: 'platform' | 'cross-platform';
        readonly clientExtensionResults: Readonly<Record<string, unknown>>;
        readonly response: {
          readonly clientDataJSON: string;
          readonly authenticatorData: string;
          readonly signature: string;
          readonly userHandle?: string;
        };
      };
    };
    answer: {
      readonly codes: readonly string[];
    };
  };
  'POST /v1/sessions': {
    body: {
      readonly username: string;
      readonly password: string;
      readonly code?: string;
      readonly recovery_code?: string;
    };
    answer: IssuedSession;
  };
  'POST /v1/sessions/current/proof': {
    body: {
      readonly code?: string;
      readonly challenge?: string;
      readonly passkey?: {
        readonly id: string;
        readonly rawId: string;
        readonly type: 'public-key';
        readonly authenticatorAttachment?: 'platform' | 'cross-platform';
        readonly clientExtensionResults: Readonly<Record<string, unknown>>;
        readonly response: {
          readonly clientDataJSON: string;
          readonly authenticatorData: string;
          readonly signature: string;
          readonly userHandle?: string;
        };
      };
    };
    answer: {
      readonly until: string;
    };
  };
  'POST /v1/sessions/current/proof/options': {
    body: Readonly<Record<string, unknown>>;
    answer: Readonly<Record<string, unknown>>;
  };
  'POST /v1/sessions/passkey': {
    body: {
      readonly response: PasskeyAuthenticationResponse;
    };
    answer: IssuedSession;
  };
  'POST /v1/sessions/resumption': {
    body: {
      readonly session: string;
    };
    answer: IssuedSession;
  };
  'POST /v1/setup': {
    body: {
      readonly code: string;
      readonly username: string;
      readonly password: string;
    };
    answer: {
      readonly username: string;
    };
  };
  'POST /v1/tokens': {
    body: {
      readonly type: 'totp' | 'hotp' | 'ocra';
      readonly digits?: number;
      readonly period_s?: number;
      readonly algorithm?: 'sha1' | 'sha256' | 'sha512';
      readonly label?: string;
      readonly code?: string;
      readonly challenge?: string;
      readonly passkey?: {
        readonly id: string;
        readonly rawId: string;
        readonly type: 'public-key';
        readonly authenticatorAttachment?: 'platform' | 'cross-platform';
        readonly clientExtensionResults: Readonly<Record<string, unknown>>;
        readonly response: {
          readonly clientDataJSON: string;
          readonly authenticatorData: string;
          readonly signature: string;
          readonly userHandle?: string;
        };
      };
      readonly recovery_code?: string;
    };
    answer: EnrolledToken;
  };
  'POST /v1/tokens/{id}/activation': {
    path: {
      readonly id: string;
    };
    body: {
      readonly code: string;
    };
    answer: Token;
  };
  'POST /v1/tokens/{id}/resynchronisation': {
    path: {
      readonly id: string;
    };
    body: {
      readonly codes: readonly unknown[];
    };
    answer: Token;
  };
  'POST /v1/transactions': {
    body: {
      readonly payer: string;
      readonly payee: string;
      readonly amount: string;
      readonly currency?: string;
      readonly username?: string;
      readonly nonce?: string;
      readonly mac?: string;
      readonly code?: string;
      readonly reference?: string;
      readonly message?: string;
      readonly receipt?: boolean;
    };
    answer: Transaction;
  };
  'POST /v1/transactions/{id}/approval': {
    path: {
      readonly id: string;
    };
    body: {
      readonly code: string;
      readonly form?: 'canonical' | 'short';
    };
    answer: Transaction;
  };
  'POST /v1/transactions/{id}/cancellation': {
    path: {
      readonly id: string;
    };
    answer: Transaction;
  };
  'POST /v1/transactions/{id}/refusal': {
    path: {
      readonly id: string;
    };
    answer: Transaction;
  };
  'POST /v1/users': {
    body: {
      readonly username: string;
      readonly password: string;
    };
    answer: {
      readonly username: string;
    };
  };
  'POST /v1/users/current/password': {
    body: {
      readonly old_password?: string;
      readonly reset?: string;
      readonly password: string;
      readonly code?: string;
      readonly challenge?: string;
      readonly passkey?: {
        readonly id: string;
        readonly rawId: string;
        readonly type: 'public-key';
        readonly authenticatorAttachment?: 'platform' | 'cross-platform';
        readonly clientExtensionResults: Readonly<Record<string, unknown>>;
        readonly response: {
          readonly clientDataJSON: string;
          readonly authenticatorData: string;
          readonly signature: string;
          readonly userHandle?: string;
        };
      };
    };
    answer: undefined;
  };
  'PUT /v1/admin/services/{name}/scopes': {
    path: {
      readonly name: string;
    };
    body: {
      readonly scopes: readonly ('transactions:write' | 'transactions:read' | 'codes:verify' | 'users:read' | 'surrogates:make' | 'surrogates:reverse')[];
    };
    answer: Service;
  };
  'PUT /v1/sessions/current/push-subscription': {
    body: {
      readonly endpoint: string;
      readonly keys: {
        readonly p256dh: string;
        readonly auth: string;
      };
      readonly server_key: string;
      readonly language: 'en' | 'es';
    };
    answer: undefined;
  };
}

/** Marks a file as this program's (`PRAGMA application_id`): "Sllo". */
export const APPLICATION_ID = 0x536c6c6f;

/**
 * The migrations, in order: the n-th one leads to `PRAGMA user_version` n. A released migration is never edited.
 *
 * `journal` is appended by its rowid and has no other index: a random B-tree page for each row would be most of a
 * commit's cost. `previous_position` links a user's entries, newest first, and `heads` holds the start of each list, in
 * blocks of users (heads.ts). It is a cache of the journal, complete up to `watermark`.
 *
 * Tables that are read by user and written rarely are clustered by user (WITHOUT ROWID). `answers` (the idempotency
 * records) is appended like the journal, so that the rows to prune come first; it has no foreign key, being on the hot
 * path. `transactions` are appended too: those requested at about the same time are decided at about the same time and
 * share pages; their ids begin with that time. Clustered by user, each decision would change a page of its own.
 *
 * `log_tiles` has the full tiles of the transparency log, at level 0 the entries' hashes; `log_checkpoints` the last
 * checkpoints, each with the hashes that are in no full tile. `retention` says how far bodies of old entries are archived
 * and were emptied, `erasures` whose bodies are emptied because they were erased.
 *
 * `search_segments` and `search_pages` are the index of the journal (src/domain/search/segment.ts), `entry_counts` what is counted
 * of it, `user_activity` what each user did last. All four are written behind, and follow from the journal.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE journal (
    position          INTEGER PRIMARY KEY CHECK (position > 0),
    previous_position INTEGER NOT NULL CHECK (previous_position >= 0),
    user_id           INTEGER NOT NULL CHECK (user_id >= 0),
    version           INTEGER NOT NULL CHECK (version > 0),
    at                INTEGER NOT NULL CHECK (at >= 0),
    type              TEXT    NOT NULL,
    challenge         TEXT,
    hash              BLOB    NOT NULL CHECK (length(hash) = 32),
    state             TEXT    NOT NULL,
    body              TEXT    NOT NULL
  ) STRICT;

  CREATE TABLE heads (
    block INTEGER PRIMARY KEY CHECK (block >= 0),
    heads BLOB    NOT NULL CHECK (length(heads) = 3072)
  ) STRICT;

  CREATE TABLE watermark (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL CHECK (position >= 0)
  ) STRICT;
  INSERT INTO watermark VALUES (1, 0);

  CREATE TABLE users (
    user_id       INTEGER PRIMARY KEY CHECK (user_id >= 0),
    username      TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    mac_key       TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('user', 'admin', 'auditor')),
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_at    INTEGER NOT NULL CHECK (created_at >= 0)
  ) STRICT;
  INSERT INTO users VALUES (0, 'system', '', '', 'admin', 0, 0);

  CREATE TABLE tokens (
    user_id             INTEGER NOT NULL REFERENCES users,
    token_id            TEXT    NOT NULL,
    type                TEXT    NOT NULL CHECK (type IN ('totp', 'hotp', 'ocra')),
    status              TEXT    NOT NULL CHECK (status IN ('pending', 'active', 'revoked')),
    algorithm           TEXT    NOT NULL CHECK (algorithm IN ('sha1', 'sha256', 'sha512')),
    digits              INTEGER NOT NULL CHECK (digits BETWEEN 0 AND 10),
    period_s            INTEGER NOT NULL CHECK (period_s >= 0),
    suite               TEXT    NOT NULL,
    label               TEXT    NOT NULL,
    seed                TEXT    NOT NULL,
    activation_question TEXT    NOT NULL,
    created_at          INTEGER NOT NULL CHECK (created_at >= 0),
    PRIMARY KEY (user_id, token_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sessions (
    user_id    INTEGER NOT NULL REFERENCES users,
    session_id TEXT    NOT NULL CHECK (length(session_id) = 64),
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    expires_at INTEGER NOT NULL CHECK (expires_at >= 0),
    PRIMARY KEY (user_id, session_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_by_expiry ON sessions (expires_at);

  CREATE TABLE answers (
    position INTEGER PRIMARY KEY,
    user_id  INTEGER NOT NULL CHECK (user_id >= 0),
    key      TEXT    NOT NULL,
    digest   TEXT    NOT NULL CHECK (length(digest) = 64),
    answer   TEXT    NOT NULL,
    at       INTEGER NOT NULL CHECK (at >= 0),
    UNIQUE (user_id, key)
  ) STRICT;
  `,
  `
  CREATE TABLE transactions (
    user_id         INTEGER NOT NULL REFERENCES users,
    transaction_id  TEXT    NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('pending', 'approved', 'refused', 'expired', 'cancelled')),
    amount          TEXT    NOT NULL,
    currency        TEXT    NOT NULL,
    payee           TEXT    NOT NULL,
    payer           TEXT    NOT NULL,
    challenge       TEXT    NOT NULL,
    service_id      TEXT    NOT NULL,
    requested_at    INTEGER NOT NULL CHECK (requested_at >= 0),
    expires_at      INTEGER NOT NULL CHECK (expires_at >= 0),
    decided_at      INTEGER NOT NULL CHECK (decided_at >= 0),
    decided_version INTEGER NOT NULL CHECK (decided_version >= 0),
    reason          TEXT    NOT NULL,
    PRIMARY KEY (user_id, transaction_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX transactions_pending ON transactions (expires_at) WHERE status = 'pending';
  CREATE INDEX transactions_pending_by_user ON transactions (user_id) WHERE status = 'pending';
  CREATE INDEX transactions_by_service ON transactions (service_id, transaction_id) WHERE service_id <> '';

  CREATE TABLE services (
    service_id TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    scopes     TEXT    NOT NULL CHECK (json_valid(scopes)),
    disabled   INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_at INTEGER NOT NULL CHECK (created_at >= 0)
  ) STRICT;

  CREATE TABLE service_keys (
    hash       TEXT    NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    service_id TEXT    NOT NULL REFERENCES services,
    created_at INTEGER NOT NULL CHECK (created_at >= 0)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX service_keys_by_service ON service_keys (service_id);
  `,
  `
  ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'login' CHECK (kind IN ('login', 'enrolment', 'device'));
  ALTER TABLE sessions ADD COLUMN label TEXT NOT NULL DEFAULT '';
  ALTER TABLE sessions ADD COLUMN token_id TEXT NOT NULL DEFAULT '';

  CREATE TABLE passkeys (
    user_id       INTEGER NOT NULL REFERENCES users,
    credential_id TEXT    NOT NULL,
    public_key    TEXT    NOT NULL,
    sign_count    INTEGER NOT NULL CHECK (sign_count >= 0),
    label         TEXT    NOT NULL,
    created_at    INTEGER NOT NULL CHECK (created_at >= 0),
    PRIMARY KEY (user_id, credential_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE transactions_in_order (
    position        INTEGER PRIMARY KEY,
    user_id         INTEGER NOT NULL REFERENCES users,
    transaction_id  TEXT    NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('pending', 'approved', 'refused', 'expired', 'cancelled')),
    amount          TEXT    NOT NULL,
    currency        TEXT    NOT NULL,
    payee           TEXT    NOT NULL,
    payer           TEXT    NOT NULL,
    challenge       TEXT    NOT NULL,
    service_id      TEXT    NOT NULL,
    requested_at    INTEGER NOT NULL CHECK (requested_at >= 0),
    expires_at      INTEGER NOT NULL CHECK (expires_at >= 0),
    decided_at      INTEGER NOT NULL CHECK (decided_at >= 0),
    decided_version INTEGER NOT NULL CHECK (decided_version >= 0),
    reason          TEXT    NOT NULL
  ) STRICT;
  INSERT INTO transactions_in_order (user_id, transaction_id, status, amount, currency, payee, payer, challenge, service_id, requested_at, expires_at, decided_at, decided_version, reason)
    SELECT user_id, transaction_id, status, amount, currency, payee, payer, challenge, service_id, requested_at, expires_at, decided_at, decided_version, reason
    FROM transactions ORDER BY transaction_id;
  DROP TABLE transactions;
  ALTER TABLE transactions_in_order RENAME TO transactions;
  CREATE UNIQUE INDEX transactions_by_id ON transactions (transaction_id, user_id);
  CREATE INDEX transactions_pending ON transactions (expires_at) WHERE status = 'pending';
  CREATE INDEX transactions_pending_by_user ON transactions (user_id) WHERE status = 'pending';
  CREATE INDEX transactions_by_service ON transactions (service_id, transaction_id) WHERE service_id <> '';
  `,
  `
  ALTER TABLE sessions ADD COLUMN proof TEXT CHECK (proof IN ('second_factor', 'code_omitted', 'code_unavailable', 'no_token'));
  `,
  `
  CREATE TABLE vault_binding (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    identity    TEXT    NOT NULL,
    key_version INTEGER NOT NULL CHECK (key_version > 0)
  ) STRICT;
  `,
  `
  ALTER TABLE sessions ADD COLUMN proven_at INTEGER NOT NULL DEFAULT 0 CHECK (proven_at >= 0);
  ALTER TABLE sessions ADD COLUMN invited_by TEXT NOT NULL DEFAULT '';
  `,
  `
  CREATE TABLE unknown_names (
    position INTEGER PRIMARY KEY,
    key      TEXT    NOT NULL UNIQUE CHECK (length(key) = 64),
    state    TEXT    NOT NULL,
    at       INTEGER NOT NULL CHECK (at >= 0)
  ) STRICT;
  `,
  `
  CREATE TABLE name_claims (
    skeleton TEXT NOT NULL PRIMARY KEY,
    holder   TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE users ADD COLUMN claim_version INTEGER NOT NULL DEFAULT 0 CHECK (claim_version >= 0);
  CREATE INDEX users_unclaimed ON users (user_id) WHERE claim_version < 1;
  `,
  `
  CREATE TABLE leases (
    name   TEXT    NOT NULL PRIMARY KEY,
    holder TEXT    NOT NULL,
    fence  INTEGER NOT NULL CHECK (fence > 0)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sink_positions (
    sink     TEXT    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL CHECK (position >= 0),
    detail   TEXT    NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE log_tiles (
    level  INTEGER NOT NULL CHECK (level >= 0),
    number INTEGER NOT NULL CHECK (number >= 0),
    hashes BLOB    NOT NULL CHECK (length(hashes) = 8192),
    UNIQUE (level, number)
  ) STRICT;

  CREATE TABLE log_checkpoints (
    size INTEGER PRIMARY KEY CHECK (size >= 0),
    at   INTEGER NOT NULL CHECK (at >= 0),
    note TEXT    NOT NULL,
    edge BLOB    NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE identities (
    user_id        INTEGER NOT NULL REFERENCES users,
    version        INTEGER NOT NULL CHECK (version > 0),
    sign_jwk       TEXT    NOT NULL CHECK (json_valid(sign_jwk)),
    seal_jwk       TEXT    NOT NULL CHECK (json_valid(seal_jwk)),
    sign_key       TEXT    NOT NULL CHECK (length(sign_key) = 43),
    seal_key       TEXT    NOT NULL CHECK (length(seal_key) = 43),
    level          TEXT    NOT NULL CHECK (level IN ('self_asserted', 'operator', 'factor')),
    seen           TEXT    NOT NULL,
    verified_by    TEXT    NOT NULL,
    token_id       TEXT    NOT NULL,
    enrolled_at    INTEGER NOT NULL CHECK (enrolled_at >= 0),
    revoked_at     INTEGER NOT NULL CHECK (revoked_at >= 0),
    revoked_reason TEXT    NOT NULL CHECK (revoked_reason IN ('', 'rotated', 'user', 'operator')),
    PRIMARY KEY (user_id, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE identity_keys (
    thumbprint TEXT    NOT NULL PRIMARY KEY CHECK (length(thumbprint) = 43),
    user_id    INTEGER NOT NULL,
    version    INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE messages (
    user_id    INTEGER NOT NULL REFERENCES users,
    message_id TEXT    NOT NULL,
    jti        TEXT    NOT NULL,
    digest     TEXT    NOT NULL CHECK (length(digest) = 64),
    bytes      INTEGER NOT NULL CHECK (bytes > 0),
    parts      INTEGER NOT NULL CHECK (parts >= 0),
    sent_at    INTEGER NOT NULL CHECK (sent_at >= 0),
    expires_at INTEGER NOT NULL CHECK (expires_at >= 0),
    PRIMARY KEY (user_id, message_id)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX messages_by_jti ON messages (user_id, jti);
  CREATE INDEX messages_kept ON messages (user_id, expires_at, bytes) WHERE parts > 0;
  CREATE INDEX messages_by_expiry ON messages (expires_at) WHERE parts > 0;

  CREATE TABLE message_parts (
    user_id    INTEGER NOT NULL,
    message_id TEXT    NOT NULL,
    part       INTEGER NOT NULL CHECK (part >= 0),
    content    TEXT    NOT NULL,
    PRIMARY KEY (user_id, message_id, part)
  ) STRICT;

  CREATE TABLE staged_messages (
    user_id    INTEGER NOT NULL,
    message_id TEXT    NOT NULL,
    at         INTEGER NOT NULL CHECK (at >= 0),
    PRIMARY KEY (user_id, message_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE inbox (
    user_id      INTEGER NOT NULL REFERENCES users,
    message_id   TEXT    NOT NULL,
    sender_id    INTEGER NOT NULL,
    bytes        INTEGER NOT NULL CHECK (bytes > 0),
    sent_at      INTEGER NOT NULL CHECK (sent_at >= 0),
    expires_at   INTEGER NOT NULL CHECK (expires_at >= 0),
    delivered_at INTEGER NOT NULL CHECK (delivered_at >= 0),
    receipt      TEXT    NOT NULL,
    PRIMARY KEY (user_id, message_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX inbox_waiting ON inbox (user_id, expires_at, sender_id, bytes) WHERE delivered_at = 0;
  CREATE INDEX inbox_by_message ON inbox (message_id);
  `,
  `
  CREATE TABLE webhooks (
    webhook_id      TEXT    NOT NULL PRIMARY KEY,
    url             TEXT    NOT NULL,
    types           TEXT    NOT NULL CHECK (json_valid(types)),
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    enabled_at      INTEGER NOT NULL CHECK (enabled_at >= 0),
    disabled_reason TEXT    NOT NULL,
    created_at      INTEGER NOT NULL CHECK (created_at >= 0)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE webhook_secrets (
    secret_id  TEXT    NOT NULL PRIMARY KEY,
    webhook_id TEXT    NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    wrapped    TEXT    NOT NULL,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    expires_at INTEGER NOT NULL CHECK (expires_at >= 0)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX webhook_secrets_by_webhook ON webhook_secrets (webhook_id);
  CREATE TABLE webhook_progress (
    webhook_id TEXT    NOT NULL PRIMARY KEY REFERENCES webhooks ON DELETE CASCADE,
    fence      INTEGER NOT NULL CHECK (fence >= 0),
    state      TEXT    NOT NULL CHECK (json_valid(state))
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE webhook_commands (
    webhook_id TEXT    NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    command_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('test', 'retry', 'replay')),
    log_index  INTEGER NOT NULL CHECK (log_index >= 0),
    at         INTEGER NOT NULL CHECK (at >= 0),
    PRIMARY KEY (webhook_id, command_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE webhook_deliveries (
    webhook_id  TEXT    NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    number      INTEGER NOT NULL CHECK (number > 0),
    event_id    TEXT    NOT NULL,
    log_index   INTEGER NOT NULL CHECK (log_index >= -1),
    type        TEXT    NOT NULL,
    attempt     INTEGER NOT NULL CHECK (attempt > 0),
    at          INTEGER NOT NULL CHECK (at >= 0),
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    outcome     TEXT    NOT NULL,
    status      INTEGER NOT NULL CHECK (status BETWEEN 0 AND 999),
    answer      TEXT    NOT NULL,
    timestamp   INTEGER NOT NULL CHECK (timestamp >= 0),
    signature   TEXT    NOT NULL,
    next_at     INTEGER NOT NULL CHECK (next_at >= 0),
    PRIMARY KEY (webhook_id, number)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE dataset_versions (
    dataset    TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version BETWEEN 1 AND 511),
    status     TEXT    NOT NULL CHECK (status IN ('active', 'retired', 'destroyed')),
    seed       TEXT    NOT NULL,
    created_at INTEGER NOT NULL CHECK (created_at >= 0),
    changed_at INTEGER NOT NULL CHECK (changed_at >= 0),
    PRIMARY KEY (dataset, version)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE retention (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    archived    INTEGER NOT NULL CHECK (archived >= 0),
    pruned      INTEGER NOT NULL CHECK (pruned BETWEEN 0 AND archived),
    archived_at INTEGER NOT NULL CHECK (archived_at >= 0)
  ) STRICT;
  INSERT INTO retention VALUES (1, 0, 0, 0);

  CREATE TABLE erasures (
    user_id INTEGER PRIMARY KEY CHECK (user_id > 0),
    entries INTEGER NOT NULL CHECK (entries > 0),
    at      INTEGER NOT NULL CHECK (at >= 0),
    done    INTEGER NOT NULL CHECK (done IN (0, 1))
  ) STRICT;
  `,
  `
  CREATE TABLE service_key_facts (
    hash         TEXT    NOT NULL PRIMARY KEY,
    service_id   TEXT    NOT NULL,
    hint         TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL CHECK (expires_at >= 0),
    last_used_at INTEGER NOT NULL CHECK (last_used_at >= 0)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE search_progress (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    counted INTEGER NOT NULL CHECK (counted >= 0)
  ) STRICT;
  INSERT INTO search_progress VALUES (1, 0);
  CREATE TABLE search_segments (
    segment INTEGER PRIMARY KEY CHECK (segment >= 0),
    at_min  INTEGER NOT NULL CHECK (at_min >= 0),
    at_max  INTEGER NOT NULL CHECK (at_max >= 0)
  ) STRICT;
  CREATE TABLE search_pages (
    page     INTEGER PRIMARY KEY CHECK (page >= 0),
    postings BLOB    NOT NULL
  ) STRICT;
  CREATE TABLE entry_counts (
    unit_ms INTEGER NOT NULL CHECK (unit_ms > 0),
    at      INTEGER NOT NULL CHECK (at >= 0),
    type    TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    count   INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (unit_ms, at, type, reason)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE user_activity (
    user_id       INTEGER PRIMARY KEY,
    last_login_at INTEGER NOT NULL DEFAULT 0 CHECK (last_login_at >= 0),
    locked_until  INTEGER NOT NULL DEFAULT 0 CHECK (locked_until >= 0)
  ) STRICT;
  CREATE INDEX user_activity_by_login ON user_activity (last_login_at);
  CREATE INDEX user_activity_locked ON user_activity (locked_until) WHERE locked_until > 0;
  `,
  `
  CREATE TABLE identity_secrets (
    user_id      INTEGER NOT NULL,
    sign_key     TEXT    NOT NULL CHECK (length(sign_key) = 43),
    seal_key     TEXT    NOT NULL CHECK (length(seal_key) = 43),
    version      INTEGER NOT NULL CHECK (version >= 0),
    sign_wrapped TEXT    NOT NULL,
    seal_wrapped TEXT    NOT NULL,
    made_at      INTEGER NOT NULL CHECK (made_at >= 0),
    PRIMARY KEY (user_id, sign_key)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE push_subscriptions (
    user_id     INTEGER NOT NULL,
    session_id  TEXT    NOT NULL,
    endpoint    TEXT    NOT NULL,
    p256dh      TEXT    NOT NULL,
    auth        TEXT    NOT NULL,
    key_version INTEGER NOT NULL CHECK (key_version >= 0),
    language    TEXT    NOT NULL CHECK (language IN ('en', 'es')),
    created_at  INTEGER NOT NULL CHECK (created_at >= 0),
    PRIMARY KEY (user_id, session_id),
    FOREIGN KEY (user_id, session_id) REFERENCES sessions ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE sessions ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0 CHECK (used_at >= 0);
  `,
];

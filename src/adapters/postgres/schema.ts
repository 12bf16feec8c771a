/** One step of the schema's history. */
export interface Migration {
  readonly sql: string;
  /**
   * Set when programs of earlier schema versions do not work with the migrated tables. Expand first, in a migration
   * without this flag; contract in a later release, when no such program runs any more.
   */
  readonly breaking?: true;
}

/**
 * The migrations, in order: the n-th one leads to version n. A released migration is never edited.
 *
 * The key of every table of a decision begins with `user_id`, so that a sharded engine keeps a user's rows together.
 * `usernames` and `name_claims` are the exceptions, since a name is unique among all users. The primary key of `journal` is the guard: the
 * row `(user_id, version)` either is the caller's or exists already. `lane` and `seq` are an entry's unit of work, `ordinal`
 * its order within that; `places` assigns units of work their positions in the journal (commit-sequencer.ts). `xid` names the
 * units of work of before the switch to lanes (lane-order.ts).
 * `answers` holds the idempotency records. A fillfactor leaves room in the pages of tables whose rows are updated.
 *
 * `log_tiles` has the full tiles of the transparency log, at level 0 the entries' hashes; `log_checkpoints` the last
 * checkpoints, each with the hashes that are in no full tile. `retention` says how far bodies of old entries are archived
 * and were emptied, `erasures` whose bodies are emptied because they were erased.
 *
 * Why: docs/DECISIONS.md#names-are-a-table-of-their-own
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    sql: `
    CREATE TABLE journal (
      user_id   bigint  NOT NULL CHECK (user_id >= 0),
      version   integer NOT NULL CHECK (version > 0),
      ordinal   integer NOT NULL,
      at        bigint  NOT NULL CHECK (at >= 0),
      xid       xid8    NOT NULL DEFAULT pg_current_xact_id(),
      type      text    NOT NULL,
      challenge text    COLLATE "C",
      hash      bytea   NOT NULL CHECK (octet_length(hash) = 32),
      state     text    NOT NULL,
      body      text    NOT NULL,
      PRIMARY KEY (user_id, version)
    );
    CREATE INDEX journal_by_xid ON journal (xid, ordinal);

    CREATE TABLE places (
      first_position bigint  NOT NULL PRIMARY KEY CHECK (first_position > 0),
      xid            xid8    NOT NULL UNIQUE,
      entries        integer NOT NULL CHECK (entries > 0)
    );

    CREATE SEQUENCE user_ids AS bigint MINVALUE 1 MAXVALUE 2147483647;

    CREATE TABLE usernames (
      username text   COLLATE "C" NOT NULL PRIMARY KEY,
      user_id  bigint NOT NULL
    );

    CREATE TABLE users (
      user_id       bigint  NOT NULL PRIMARY KEY CHECK (user_id >= 0),
      username      text    COLLATE "C" NOT NULL,
      password_hash text    NOT NULL,
      mac_key       text    NOT NULL,
      role          text    NOT NULL CHECK (role IN ('user', 'admin', 'auditor')),
      disabled      boolean NOT NULL,
      created_at    bigint  NOT NULL CHECK (created_at >= 0)
    ) WITH (fillfactor = 70);
    INSERT INTO users VALUES (0, 'system', '', '', 'admin', false, 0);
    INSERT INTO usernames VALUES ('system', 0);

    CREATE TABLE tokens (
      user_id             bigint  NOT NULL,
      token_id            text    COLLATE "C" NOT NULL,
      type                text    NOT NULL CHECK (type IN ('totp', 'hotp', 'ocra')),
      status              text    NOT NULL CHECK (status IN ('pending', 'active', 'revoked')),
      algorithm           text    NOT NULL CHECK (algorithm IN ('sha1', 'sha256', 'sha512')),
      digits              integer NOT NULL CHECK (digits BETWEEN 0 AND 10),
      period_s            integer NOT NULL CHECK (period_s >= 0),
      suite               text    NOT NULL,
      label               text    NOT NULL,
      seed                text    NOT NULL,
      activation_question text    NOT NULL,
      created_at          bigint  NOT NULL CHECK (created_at >= 0),
      PRIMARY KEY (user_id, token_id)
    ) WITH (fillfactor = 70);

    CREATE TABLE sessions (
      user_id    bigint NOT NULL,
      session_id text   COLLATE "C" NOT NULL CHECK (length(session_id) = 64),
      kind       text   NOT NULL CHECK (kind IN ('login', 'enrolment', 'device')),
      label      text   NOT NULL,
      token_id   text   NOT NULL,
      created_at bigint NOT NULL CHECK (created_at >= 0),
      expires_at bigint NOT NULL CHECK (expires_at >= 0),
      PRIMARY KEY (user_id, session_id)
    );
    CREATE INDEX sessions_by_expiry ON sessions (expires_at);

    CREATE TABLE passkeys (
      user_id       bigint NOT NULL,
      credential_id text   COLLATE "C" NOT NULL,
      public_key    text   NOT NULL,
      sign_count    bigint NOT NULL CHECK (sign_count >= 0),
      label         text   NOT NULL,
      created_at    bigint NOT NULL CHECK (created_at >= 0),
      PRIMARY KEY (user_id, credential_id)
    ) WITH (fillfactor = 70);

    CREATE TABLE answers (
      user_id bigint NOT NULL CHECK (user_id >= 0),
      key     text   COLLATE "C" NOT NULL,
      digest  text   NOT NULL CHECK (length(digest) = 64),
      answer  text   NOT NULL,
      at      bigint NOT NULL CHECK (at >= 0),
      PRIMARY KEY (user_id, key)
    );
    CREATE INDEX answers_by_time ON answers (at);

    CREATE TABLE transactions (
      user_id         bigint  NOT NULL,
      transaction_id  text    COLLATE "C" NOT NULL,
      status          text    NOT NULL CHECK (status IN ('pending', 'approved', 'refused', 'expired', 'cancelled')),
      amount          text    NOT NULL,
      currency        text    NOT NULL,
      payee           text    NOT NULL,
      payer           text    NOT NULL,
      challenge       text    NOT NULL,
      service_id      text    COLLATE "C" NOT NULL,
      requested_at    bigint  NOT NULL CHECK (requested_at >= 0),
      expires_at      bigint  NOT NULL CHECK (expires_at >= 0),
      decided_at      bigint  NOT NULL CHECK (decided_at >= 0),
      decided_version integer NOT NULL CHECK (decided_version >= 0),
      reason          text    NOT NULL,
      PRIMARY KEY (user_id, transaction_id)
    ) WITH (fillfactor = 70);
    CREATE INDEX transactions_pending ON transactions (expires_at) WHERE status = 'pending';
    CREATE INDEX transactions_pending_by_user ON transactions (user_id) WHERE status = 'pending';
    CREATE INDEX transactions_by_service ON transactions (service_id, transaction_id) WHERE service_id <> '';

    CREATE TABLE services (
      service_id text    COLLATE "C" NOT NULL PRIMARY KEY,
      name       text    COLLATE "C" NOT NULL UNIQUE,
      scopes     text    NOT NULL,
      disabled   boolean NOT NULL,
      created_at bigint  NOT NULL CHECK (created_at >= 0)
    );
    CREATE TABLE service_keys (
      hash       text   COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
      service_id text   COLLATE "C" NOT NULL,
      created_at bigint NOT NULL CHECK (created_at >= 0)
    );
    CREATE INDEX service_keys_by_service ON service_keys (service_id);
    `,
  },
  {
    // NOT VALID: existing rows have no value to check, so the locked table need not be scanned.
    sql: `
    ALTER TABLE sessions ADD COLUMN proof text;
    ALTER TABLE sessions ADD CONSTRAINT sessions_proof_check
      CHECK (proof IN ('second_factor', 'code_omitted', 'code_unavailable', 'no_token')) NOT VALID;
    `,
  },
  {
    sql: `
    CREATE TABLE vault_binding (
      id          integer NOT NULL PRIMARY KEY CHECK (id = 1),
      identity    text    NOT NULL,
      key_version integer NOT NULL CHECK (key_version > 0)
    );
    `,
  },
  {
    // The defaults serve servers of the version before, which do not know the columns.
    sql: `
    ALTER TABLE sessions ADD COLUMN proven_at bigint NOT NULL DEFAULT 0;
    ALTER TABLE sessions ADD COLUMN invited_by text NOT NULL DEFAULT '';
    `,
  },
  {
    sql: `
    CREATE SEQUENCE unknown_name_positions AS bigint;
    CREATE TABLE unknown_names (
      key      text   COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(key) = 64),
      position bigint NOT NULL,
      state    text   NOT NULL,
      at       bigint NOT NULL CHECK (at >= 0)
    ) WITH (fillfactor = 70);
    CREATE INDEX unknown_names_by_position ON unknown_names (position);
    `,
  },
  {
    // The default marks the names of servers of the version before, which claim nothing. Upkeep claims for them.
    sql: `
    CREATE TABLE name_claims (
      skeleton text COLLATE "C" NOT NULL PRIMARY KEY,
      holder   text COLLATE "C" NOT NULL
    );
    ALTER TABLE usernames ADD COLUMN claim_version integer NOT NULL DEFAULT 0;
    CREATE INDEX usernames_unclaimed ON usernames (user_id) WHERE claim_version < 1;
    `,
  },
  {
    // Hashes do not compress.
    sql: `
    CREATE TABLE leases (
      name    text   COLLATE "C" NOT NULL PRIMARY KEY,
      holder  text   NOT NULL,
      fence   bigint NOT NULL CHECK (fence > 0),
      ends_at bigint NOT NULL
    ) WITH (fillfactor = 50);

    CREATE TABLE sink_positions (
      sink     text   COLLATE "C" NOT NULL PRIMARY KEY,
      position bigint NOT NULL CHECK (position >= 0),
      detail   text   NOT NULL
    ) WITH (fillfactor = 50);

    CREATE TABLE log_tiles (
      level  integer NOT NULL CHECK (level >= 0),
      number bigint  NOT NULL CHECK (number >= 0),
      hashes bytea   NOT NULL CHECK (octet_length(hashes) = 8192),
      PRIMARY KEY (level, number)
    );
    ALTER TABLE log_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;

    CREATE TABLE log_checkpoints (
      size bigint NOT NULL PRIMARY KEY CHECK (size >= 0),
      at   bigint NOT NULL CHECK (at >= 0),
      note text   NOT NULL,
      edge bytea  NOT NULL
    );
    ALTER TABLE log_checkpoints ALTER COLUMN edge SET STORAGE EXTERNAL;
    `,
  },
  {
    // Parts are base64url, which does not compress: EXTERNAL spares the attempt.
    sql: `
    CREATE TABLE identities (
      user_id        bigint  NOT NULL,
      version        integer NOT NULL CHECK (version > 0),
      sign_jwk       text    NOT NULL,
      seal_jwk       text    NOT NULL,
      sign_key       text    COLLATE "C" NOT NULL CHECK (length(sign_key) = 43),
      seal_key       text    COLLATE "C" NOT NULL CHECK (length(seal_key) = 43),
      level          text    NOT NULL CHECK (level IN ('self_asserted', 'operator', 'factor')),
      seen           text    NOT NULL,
      verified_by    text    NOT NULL,
      token_id       text    NOT NULL,
      enrolled_at    bigint  NOT NULL CHECK (enrolled_at >= 0),
      revoked_at     bigint  NOT NULL CHECK (revoked_at >= 0),
      revoked_reason text    NOT NULL CHECK (revoked_reason IN ('', 'rotated', 'user', 'operator')),
      PRIMARY KEY (user_id, version)
    ) WITH (fillfactor = 70);

    CREATE TABLE identity_keys (
      thumbprint text    COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(thumbprint) = 43),
      user_id    bigint  NOT NULL,
      version    integer NOT NULL
    );

    CREATE TABLE messages (
      user_id    bigint  NOT NULL,
      message_id text    COLLATE "C" NOT NULL,
      jti        text    COLLATE "C" NOT NULL,
      digest     text    NOT NULL CHECK (length(digest) = 64),
      bytes      bigint  NOT NULL CHECK (bytes > 0),
      parts      integer NOT NULL CHECK (parts >= 0),
      sent_at    bigint  NOT NULL CHECK (sent_at >= 0),
      expires_at bigint  NOT NULL CHECK (expires_at >= 0),
      PRIMARY KEY (user_id, message_id)
    );
    CREATE UNIQUE INDEX messages_by_jti ON messages (user_id, jti);
    CREATE INDEX messages_kept ON messages (user_id, expires_at, bytes) WHERE parts > 0;
    CREATE INDEX messages_by_expiry ON messages (expires_at) WHERE parts > 0;

    CREATE TABLE message_parts (
      user_id    bigint  NOT NULL,
      message_id text    COLLATE "C" NOT NULL,
      part       integer NOT NULL CHECK (part >= 0),
      content    text    NOT NULL,
      PRIMARY KEY (user_id, message_id, part)
    );
    ALTER TABLE message_parts ALTER COLUMN content SET STORAGE EXTERNAL;

    CREATE TABLE staged_messages (
      user_id    bigint NOT NULL,
      message_id text   COLLATE "C" NOT NULL,
      at         bigint NOT NULL CHECK (at >= 0),
      PRIMARY KEY (user_id, message_id)
    );

    CREATE TABLE inbox (
      user_id      bigint NOT NULL,
      message_id   text   COLLATE "C" NOT NULL,
      sender_id    bigint NOT NULL,
      bytes        bigint NOT NULL CHECK (bytes > 0),
      sent_at      bigint NOT NULL CHECK (sent_at >= 0),
      expires_at   bigint NOT NULL CHECK (expires_at >= 0),
      delivered_at bigint NOT NULL CHECK (delivered_at >= 0),
      receipt      text   NOT NULL,
      PRIMARY KEY (user_id, message_id)
    );
    CREATE INDEX inbox_waiting ON inbox (user_id, expires_at, sender_id, bytes) WHERE delivered_at = 0;
    CREATE INDEX inbox_by_message ON inbox (message_id);
    `,
  },
  {
    sql: `
    CREATE TABLE webhooks (
      webhook_id      text    COLLATE "C" NOT NULL PRIMARY KEY,
      url             text    NOT NULL,
      types           text    NOT NULL,
      enabled         boolean NOT NULL,
      enabled_at      bigint  NOT NULL CHECK (enabled_at >= 0),
      disabled_reason text    NOT NULL,
      created_at      bigint  NOT NULL CHECK (created_at >= 0)
    );
    CREATE TABLE webhook_secrets (
      secret_id  text   COLLATE "C" NOT NULL PRIMARY KEY,
      webhook_id text   COLLATE "C" NOT NULL,
      wrapped    text   NOT NULL,
      created_at bigint NOT NULL CHECK (created_at >= 0),
      expires_at bigint NOT NULL CHECK (expires_at >= 0)
    );
    CREATE INDEX webhook_secrets_by_webhook ON webhook_secrets (webhook_id);
    CREATE TABLE webhook_progress (
      webhook_id text   COLLATE "C" NOT NULL PRIMARY KEY,
      fence      bigint NOT NULL CHECK (fence >= 0),
      state      text   NOT NULL
    ) WITH (fillfactor = 50);
    CREATE TABLE webhook_commands (
      webhook_id text   COLLATE "C" NOT NULL,
      command_id text   COLLATE "C" NOT NULL,
      kind       text   NOT NULL CHECK (kind IN ('test', 'retry', 'replay')),
      log_index  bigint NOT NULL CHECK (log_index >= 0),
      at         bigint NOT NULL CHECK (at >= 0),
      PRIMARY KEY (webhook_id, command_id)
    );
    CREATE TABLE webhook_deliveries (
      webhook_id  text    COLLATE "C" NOT NULL,
      number      bigint  NOT NULL CHECK (number > 0),
      event_id    text    NOT NULL,
      log_index   bigint  NOT NULL CHECK (log_index >= -1),
      type        text    NOT NULL,
      attempt     integer NOT NULL CHECK (attempt > 0),
      at          bigint  NOT NULL CHECK (at >= 0),
      duration_ms integer NOT NULL CHECK (duration_ms >= 0),
      outcome     text    NOT NULL,
      status      integer NOT NULL CHECK (status BETWEEN 0 AND 999),
      answer      text    NOT NULL,
      timestamp   bigint  NOT NULL CHECK (timestamp >= 0),
      signature   text    NOT NULL,
      next_at     bigint  NOT NULL CHECK (next_at >= 0),
      PRIMARY KEY (webhook_id, number)
    );
    `,
  },
  {
    sql: `
    CREATE TABLE dataset_versions (
      dataset    text    COLLATE "C" NOT NULL,
      version    integer NOT NULL CHECK (version BETWEEN 1 AND 511),
      status     text    NOT NULL CHECK (status IN ('active', 'retired', 'destroyed')),
      seed       text    NOT NULL,
      created_at bigint  NOT NULL CHECK (created_at >= 0),
      changed_at bigint  NOT NULL CHECK (changed_at >= 0),
      PRIMARY KEY (dataset, version)
    );
    `,
  },
  {
    sql: `
    CREATE TABLE retention (
      id          integer NOT NULL PRIMARY KEY CHECK (id = 1),
      archived    bigint  NOT NULL CHECK (archived >= 0),
      pruned      bigint  NOT NULL CHECK (pruned BETWEEN 0 AND archived),
      archived_at bigint  NOT NULL CHECK (archived_at >= 0)
    );
    INSERT INTO retention VALUES (1, 0, 0, 0);

    CREATE TABLE erasures (
      user_id bigint  NOT NULL PRIMARY KEY CHECK (user_id > 0),
      entries integer NOT NULL CHECK (entries > 0),
      at      bigint  NOT NULL CHECK (at >= 0),
      done    boolean NOT NULL
    );
    `,
  },
  {
    sql: `
    CREATE TABLE service_key_facts (
      hash         text   COLLATE "C" NOT NULL PRIMARY KEY,
      service_id   text   COLLATE "C" NOT NULL,
      hint         text   NOT NULL,
      expires_at   bigint NOT NULL CHECK (expires_at >= 0),
      last_used_at bigint NOT NULL CHECK (last_used_at >= 0)
    );
    `,
  },
  {
    sql: `
    CREATE TABLE search_progress (
      id      integer NOT NULL PRIMARY KEY CHECK (id = 1),
      counted bigint  NOT NULL CHECK (counted >= 0)
    ) WITH (fillfactor = 50);
    INSERT INTO search_progress VALUES (1, 0);
    CREATE TABLE search_segments (
      segment bigint NOT NULL PRIMARY KEY CHECK (segment >= 0),
      at_min  bigint NOT NULL CHECK (at_min >= 0),
      at_max  bigint NOT NULL CHECK (at_max >= 0)
    );
    CREATE TABLE search_pages (
      page     bigint NOT NULL PRIMARY KEY CHECK (page >= 0),
      postings bytea  NOT NULL
    );
    CREATE TABLE entry_counts (
      unit_ms integer NOT NULL CHECK (unit_ms > 0),
      at      bigint  NOT NULL CHECK (at >= 0),
      type    text    COLLATE "C" NOT NULL,
      reason  text    COLLATE "C" NOT NULL,
      count   bigint  NOT NULL CHECK (count > 0),
      PRIMARY KEY (unit_ms, at, type, reason)
    ) WITH (fillfactor = 50);
    CREATE TABLE user_activity (
      user_id       bigint NOT NULL PRIMARY KEY,
      last_login_at bigint NOT NULL DEFAULT 0 CHECK (last_login_at >= 0),
      locked_until  bigint NOT NULL DEFAULT 0 CHECK (locked_until >= 0)
    ) WITH (fillfactor = 70);
    CREATE INDEX user_activity_by_login ON user_activity (last_login_at, user_id);
    CREATE INDEX user_activity_locked ON user_activity (locked_until) WHERE locked_until > 0;
    `,
  },
  {
    sql: `
    CREATE TABLE identity_secrets (
      user_id      bigint  NOT NULL,
      sign_key     text    COLLATE "C" NOT NULL CHECK (length(sign_key) = 43),
      seal_key     text    COLLATE "C" NOT NULL CHECK (length(seal_key) = 43),
      version      integer NOT NULL CHECK (version >= 0),
      sign_wrapped text    NOT NULL,
      seal_wrapped text    NOT NULL,
      made_at      bigint  NOT NULL CHECK (made_at >= 0),
      PRIMARY KEY (user_id, sign_key)
    );
    `,
  },
  {
    sql: `
    CREATE TABLE push_subscriptions (
      user_id     bigint  NOT NULL,
      session_id  text    COLLATE "C" NOT NULL,
      endpoint    text    NOT NULL,
      p256dh      text    NOT NULL,
      auth        text    NOT NULL,
      key_version integer NOT NULL CHECK (key_version >= 0),
      language    text    NOT NULL CHECK (language IN ('en', 'es')),
      created_at  bigint  NOT NULL CHECK (created_at >= 0),
      PRIMARY KEY (user_id, session_id),
      FOREIGN KEY (user_id, session_id) REFERENCES sessions ON DELETE CASCADE
    );
    `,
  },
  {
    // Of the tables in use a step locks one: statements of running servers lock both, in either order.
    sql: `
    ALTER TABLE places ADD COLUMN lane bigint, ADD COLUMN seq bigint, ALTER COLUMN xid DROP NOT NULL;
    CREATE UNIQUE INDEX places_by_lane ON places (lane, seq) WHERE lane IS NOT NULL;
    `,
  },
  {
    // Servers of the version before leave lane and seq empty. They order by xid, as do all until the switch (lane-order.ts).
    sql: `
    CREATE TABLE lanes (
      lane       bigint  NOT NULL PRIMARY KEY CHECK (lane >= 0),
      placed_seq bigint  NOT NULL CHECK (placed_seq >= 0),
      seen_seq   bigint  NOT NULL,
      seen_at    bigint  NOT NULL,
      quiet      boolean NOT NULL
    ) WITH (fillfactor = 50);
    ALTER TABLE journal ADD COLUMN lane bigint, ADD COLUMN seq bigint;
    `,
  },
  {
    sql: 'ALTER TABLE sessions ADD COLUMN used_at bigint NOT NULL DEFAULT 0 CHECK (used_at >= 0);',
  },
];

/** The version of the tables that have lanes. */
export const LANES_VERSION = 1 + MIGRATIONS.findIndex(({ sql }) => sql.includes('CREATE TABLE lanes'));

/**
 * The rights of the server's role. None of them removes an entry, or changes its hash, its place or what it is about. Bodies
 * and states can be emptied: another text in their place is not what the hash covers.
 *
 * Why: docs/DECISIONS.md#a-servers-role-may-empty-bodies
 */
export const GRANTS: readonly string[] = [
  'GRANT USAGE ON SCHEMA sello TO %role%',
  'GRANT SELECT ON ALL TABLES IN SCHEMA sello TO %role%',
  'GRANT INSERT ON journal, places, log_tiles TO %role%',
  'GRANT UPDATE (body, state, challenge) ON journal TO %role%',
  'GRANT INSERT, DELETE ON log_checkpoints TO %role%',
  'GRANT INSERT, UPDATE ON leases, lanes TO %role%',
  'GRANT INSERT, UPDATE ON users, usernames, tokens, transactions, services, vault_binding, identities, messages, dataset_versions TO %role%',
  'GRANT INSERT, UPDATE, DELETE ON sessions, passkeys, answers, service_keys, service_key_facts, unknown_names, name_claims, sink_positions, push_subscriptions, inbox, identity_secrets TO %role%',
  'GRANT INSERT, DELETE ON message_parts, staged_messages TO %role%',
  'GRANT INSERT ON identity_keys TO %role%',
  'GRANT UPDATE ON search_progress TO %role%',
  'GRANT INSERT ON search_segments TO %role%',
  'GRANT INSERT, UPDATE ON search_pages TO %role%',
  'GRANT INSERT, UPDATE, DELETE ON entry_counts, user_activity TO %role%',
  'GRANT INSERT, UPDATE, DELETE ON webhooks, webhook_secrets, webhook_progress, webhook_commands, webhook_deliveries TO %role%',
  'GRANT UPDATE ON retention TO %role%',
  'GRANT INSERT, UPDATE ON erasures TO %role%',
  'GRANT DELETE ON users, usernames, tokens, transactions, identities, identity_keys, messages TO %role%',
  'GRANT USAGE ON SEQUENCE user_ids, unknown_name_positions TO %role%',
];

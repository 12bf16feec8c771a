import type { XSchema, XStatic } from 'typebox/schema';
import { LIMITS } from '../limits.ts';

/** A longer wait is a mistake of units. */
const MS_MAX = 31_536_000_000;

const milliseconds = (byDefault: number, minimum: number, description: string) =>
  ({ type: 'integer', default: byDefault, minimum, maximum: MS_MAX, description }) as const;
const port = (byDefault: number, description: string) =>
  ({ type: 'integer', default: byDefault, minimum: 0, maximum: 65_535, description }) as const;
const flag = (byDefault: boolean, description: string) =>
  ({ type: 'boolean', default: byDefault, description }) as const;
const optionalText = (options: {
  readonly description: string;
  readonly path?: true;
  readonly secret?: true;
}) => ({ anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }], default: null, ...options }) as const;

const addresses = (description: string) =>
  ({
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [] as string[],
    maxItems: 256,
    expected: 'a list of addresses or CIDR blocks, such as ["10.1.2.3", "fd00::/8"]',
    description,
  }) as const;

interface Group<Properties> {
  readonly type: 'object';
  readonly properties: Properties;
  readonly required: readonly (keyof Properties)[];
  readonly additionalProperties: false;
}

/** A group of keys. Each is required, because each has a default. */
function group<const Properties extends Readonly<Record<string, object>>>(
  properties: Properties,
): Group<Properties> {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

type ValuesOf<Schema> =
  Schema extends Group<infer Properties>
    ? { -readonly [Key in keyof Properties]: ValuesOf<Properties[Key]> }
    : Schema extends XSchema
      ? XStatic<Schema>
      : never;

const texts = {
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1, maxItems: 1_000 },
  ],
} as const;
const decimal = {
  type: 'string',
  pattern: '^(0|[1-9][0-9]{0,14})(\\.[0-9]{1,4})?$',
  expected: 'an exact decimal in quotes, such as "500.00"',
} as const;

const policyRule = {
  type: 'object',
  properties: {
    when: {
      type: 'object',
      properties: {
        payer: texts,
        payee: texts,
        amount_max: decimal,
        currency: texts,
        user: texts,
        role: texts,
      },
      additionalProperties: false,
    },
    require: {
      type: 'array',
      items: { enum: ['session', 'mac', 'code', 'bound_code'] },
      minItems: 1,
      maxItems: 4,
    },
  },
  required: ['require'],
  additionalProperties: false,
} as const;

const velocity = {
  type: 'object',
  properties: {
    window_ms: { type: 'integer', minimum: 1_000, maximum: MS_MAX },
    count_max: { type: 'integer', minimum: 0 },
    amount_max: decimal,
    currency: texts,
  },
  required: ['window_ms'],
  additionalProperties: false,
} as const;

const rateLimit = (countMax: number, windowMs: number, of: string) =>
  group({
    count_max: {
      type: 'integer',
      default: countMax,
      minimum: 1,
      maximum: 1_000_000_000,
      description: `How many ${of} one address may make in \`window_ms\`.`,
    },
    window_ms: milliseconds(windowMs, 1_000, `The window for ${of} of one address.`),
  });

const entryLimit = (countMax: number, of: string) =>
  group({
    count_max: {
      type: 'integer',
      default: countMax,
      minimum: 1,
      maximum: 1_000_000_000,
      description: `How many journal entries that are not approvals ${of} may cause at once; they come back evenly over \`window_ms\`. Beyond it requests are refused and counted.`,
    },
    window_ms: milliseconds(86_400_000, 1_000, `The window for entries of ${of}.`),
  });

const callerNames = (description: string) =>
  ({
    type: 'array',
    items: { type: 'string', pattern: '^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$' },
    default: [],
    maxItems: 256,
    expected: 'a list of names such as ["api-1"]',
    description,
  }) as const;

/**
 * The configuration: every key with its default, its bounds and its meaning. The type `Config`, environment
 * variables, flags and `docs/configuration.md` derive from it. Plain JSON Schema, typed and checked by TypeBox;
 * TypeBox's builders would double the start time of a command. `path`: a file or folder, made absolute. `secret`:
 * never printed.
 */
export const ConfigSchema = group({
  role: {
    enum: ['all', 'vault', 'relay', 'sealer'],
    default: 'all',
    description:
      'What this process is: `all` (TCP, REST, console and the relay of events), `vault`: the one process that opens the keys of `vault_url`, for the servers that name it as theirs; `relay`: it sends events to their sinks from a PostgreSQL store (to webhooks where processes share `vault_url`), and answers `/healthz`, `/readyz` and `/metrics` alone; or `sealer`: it seals the log of a database that servers share, and listens on nothing.',
  },
  profile: {
    enum: ['default', 'psd2'],
    default: 'default',
    description:
      'Defaults and answers for a use. `psd2`: what the regulatory technical standards on strong customer authentication (EU 2018/389, article 4) ask of log-ins: `session_idle_ms` is 300000 where it is not given, and a refused log-in tells nobody which of name, password and code was wrong; each counts as one attempt.',
  },
  data_dir: {
    type: 'string',
    default: './data',
    minLength: 1,
    path: true,
    description:
      'The folder of everything this server keeps: database, sealed keys, socket. Made with mode 0700.',
  },
  tcp_host: {
    type: 'string',
    default: '127.0.0.1',
    minLength: 1,
    description: 'The address that the TCP protocol listens on.',
  },
  drain_delay_ms: {
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 600_000,
    description:
      'How long a server that is told to stop goes on serving while `/readyz` says no, so that balancers send it nothing new. Behind HAProxy as `sello deploy haproxy` makes it: 1000.',
  },
  tcp_port: port(11_002, 'The port of the TCP protocol; 0 takes a free one.'),
  http_host: {
    type: 'string',
    default: '127.0.0.1',
    minLength: 1,
    description: 'The address that HTTP listens on.',
  },
  http_port: port(8_080, 'The port of HTTP; 0 takes a free one.'),
  store_url: {
    type: 'string',
    default: 'sqlite:',
    pattern: '^(sqlite:|postgres(ql)?://)',
    expected: '"sqlite:" (in the data folder), "sqlite:PATH" or "postgres://…"',
    secret: true,
    description:
      'Where decisions are kept: `sqlite:` (in the data folder), `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT[,HOST:PORT…]/DATABASE[?sslmode=…]`, of whose hosts the one that takes writes is found. Beyond this machine `sslmode` is `verify-full` unless it is given.',
  },
  store_password_file: optionalText({
    path: true,
    description:
      'A file that holds the password of the user in `store_url`; one line end at its end is dropped.',
  }),
  store_owner_url: {
    anyOf: [{ type: 'string', pattern: '^postgres(ql)?://' }, { type: 'null' }],
    default: null,
    expected: '"postgres://…", or null',
    secret: true,
    description:
      'The database as the owner of its tables, for `sello migrate` alone: the user of `store_url` then can delete no entry of the journal, nor change its hash or its place.',
  },
  store_connections_max: {
    type: 'integer',
    default: 8,
    minimum: 2,
    maximum: 1_000,
    description: 'How many connections to PostgreSQL this server opens at most.',
  },
  vault_url: {
    type: 'string',
    default: 'file:',
    pattern: '^(file:|pkcs11:|https://)',
    expected: '"file:" (in the data folder), "file:PATH", "pkcs11:…" or "https://…"',
    description:
      'Where keys are kept: `file:` (sealed, in the data folder), `file:PATH`, `https://…` (a vault process), or an HSM: `pkcs11:token=LABEL?module-path=LIBRARY` (RFC 7512; `serial=` where two slots have one label, `object=` for what the labels of the keys start with, `x-unwrap-length=true` for Luna firmware that wants it).',
  },
  vault_passphrase: optionalText({
    secret: true,
    description:
      'Opens the sealed file of keys. When neither it nor its file is given, one is made at the first start and kept in the data folder: fine to try Sello, not for production.',
  }),
  vault_passphrase_file: optionalText({
    path: true,
    description: 'A file that holds `vault_passphrase`; one line end at its end is dropped.',
  }),
  vault_pin: optionalText({
    secret: true,
    description:
      "With a `pkcs11:` vault: the PIN of the HSM's slot. It is tried once; a wrong one is not tried again.",
  }),
  vault_pin_file: optionalText({
    path: true,
    description: 'A file that holds `vault_pin`; one line end at its end is dropped.',
  }),
  vault_custody: {
    enum: ['hsm', 'cached'],
    default: 'hsm',
    description:
      "With a `pkcs11:` vault: `hsm` computes each MAC inside the HSM, where users' keys are unwrapped and stay; `cached` unwraps them into this process for some minutes, which is faster.",
  },
  rate_limit_url: {
    type: 'string',
    default: 'memory:',
    pattern: '^(memory:$|rediss?://)',
    expected: '"memory:", "redis://…" or "rediss://…" (TLS)',
    secret: true,
    description:
      'Where rate limits count: `memory:` (each server by itself), `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]` or `rediss://…` (TLS), shared by all servers. While Redis cannot be asked, each server counts by itself.',
  },
  rate_limit_ca_file: optionalText({
    path: true,
    description:
      "Who signed the certificate of a `rediss://` server (PEM), where it is none of the system's authorities.",
  }),
  vault_ca_file: optionalText({
    path: true,
    description:
      'With an `https://` vault: the authorities (PEM) of its certificate. This and the next two are read again on SIGHUP.',
  }),
  vault_cert_file: optionalText({
    path: true,
    description: 'The certificate (PEM) by which this server is known to the vault process.',
  }),
  vault_key_file: optionalText({ path: true, description: 'The private key (PEM) of that certificate.' }),
  vault_host: {
    type: 'string',
    default: '127.0.0.1',
    minLength: 1,
    description: 'With `role: vault`: the address that it listens on.',
  },
  vault_port: port(11_003, 'With `role: vault`: the port that it listens on; 0 takes a free one.'),
  vault_tls_ca_file: optionalText({
    path: true,
    description:
      "With `role: vault`: the authorities (PEM) of its callers' certificates. This and the next two are read again on SIGHUP.",
  }),
  vault_tls_cert_file: optionalText({
    path: true,
    description: 'With `role: vault`: the certificate (PEM) that it shows its callers.',
  }),
  vault_tls_key_file: optionalText({ path: true, description: 'The private key (PEM) of that certificate.' }),
  vault_callers: callerNames(
    'With `role: vault`: the names (DNS in the SAN, else the CN) of the certificates whose bearers may use the keys. Nobody else may.',
  ),
  vault_key_managers: callerNames(
    'With `role: vault`: the names of those that may also make, rewrap under and destroy keys, as a rotation does.',
  ),
  currency_default: {
    type: 'string',
    default: 'EUR',
    pattern: '^[A-Z]{3}$',
    expected: 'a currency of ISO 4217, such as EUR',
    description: 'The currency (ISO 4217) of a transaction that names none.',
  },
  password_length_min: {
    type: 'integer',
    default: 7,
    minimum: 1,
    maximum: 256,
    description: 'The fewest characters of a password.',
  },
  registration_open: flag(
    true,
    'Anyone who can connect may register. Off: only `sello user create` makes users.',
  ),
  session_ttl_ms: milliseconds(43_200_000, 60_000, 'How long a session lasts.'),
  session_idle_ms: {
    ...milliseconds(
      0,
      0,
      'How long a session of a log-in may go unused before it ends; 0: as long as it lasts. What a page asks for by itself is no use. With `profile: psd2`: 300000 where it is not given.',
    ),
    expected: `0, or a whole number from ${LIMITS.sessionIdleMsMin} to ${MS_MAX}`,
  },
  idempotency_ttl_ms: {
    ...milliseconds(86_400_000, 60_000, 'How long an answer is kept for a repeated idempotency key.'),
    maximum: LIMITS.idempotencyTtlMsMax,
  },
  device_session_ttl_ms: milliseconds(
    7_776_000_000,
    60_000,
    'How long a virtual token may go on without being enrolled anew.',
  ),
  enrolment_ttl_ms: milliseconds(900_000, 10_000, 'How long an invitation to enrol a token may be used.'),
  token_issuer: {
    type: 'string',
    default: 'Sello',
    pattern: '^[^:\\u0000-\\u001f]{1,64}$',
    expected: 'up to 64 characters without a colon',
    description: 'Who issues tokens, as authenticator apps list it: the name that users know you by.',
  },
  enrolment_code_required: flag(
    false,
    'Who has revoked all of their tokens and passkeys needs an invitation by an administrator to enrol again. Off: that holds for sessions that have shown none of them. Beside a token or passkey that is there, each new one always asks for a code or passkey.',
  ),
  proof_ttl_ms: milliseconds(
    300_000,
    10_000,
    'How long a code or passkey that a session showed stands for what asks for a fresh one: what administrators change, and revoking tokens.',
  ),
  recovery_wait_ms: milliseconds(
    86_400_000,
    0,
    'How long after its confirmation by a second administrator a recovery lets a device be invited for a user who had a token or passkey. The user is told, and may cancel it.',
  ),
  lockout: group({
    attempts_max: {
      type: 'integer',
      default: 3,
      minimum: 1,
      maximum: 1_000,
      description:
        'Wrong attempts at one user’s password, or codes for one purpose, until they are locked for who made them: all strangers together, whatever their address; each service; each known device or session.',
    },
    lock_ms: milliseconds(
      30_000,
      1,
      'The first lock; each further wrong attempt doubles it. The count halves after each two hours without one (or `lock_ms_max`, if longer).',
    ),
    lock_ms_max: milliseconds(7_200_000, 1, 'The longest lock.'),
  }),
  keys: group({
    rotation_ms: milliseconds(300_000, 1_000, 'How often the key of the challenges changes.'),
    challenge_ttl_ms: milliseconds(120_000, 1_000, 'How long a challenge may be answered.'),
  }),
  policy: group({
    rules: {
      type: 'array',
      items: policyRule,
      default: [{ when: { amount_max: '500.00' }, require: ['mac'] }, { require: ['bound_code'] }],
      minItems: 1,
      maxItems: 1_000,
      description:
        'Which proofs a transaction needs: the first rule that fits. `when` may name `payer`, `payee`, `amount_max`, `currency`, `user`, `role` (a text or a list of them); `amount_max` without `currency` is of `currency_default` and fits no other currency. `require` lists `session`, `mac`, `code`, `bound_code`, among them `mac` or `bound_code`. What no rule fits needs a bound code. A transaction that waits is approved by a bound code, whatever its rule.',
    },
    velocity: {
      anyOf: [velocity, { type: 'null' }],
      default: { window_ms: 86_400_000, amount_max: '5000.00' },
      expected: 'null, or { window_ms, count_max, amount_max, currency } with count_max, amount_max or both',
      description:
        'What a user may move in any `window_ms`, by `count_max` transactions or by `amount_max` in each currency of `currency` (by default `currency_default`): beyond it, and in any other currency, the last rule applies too. Null: no limit.',
    },
    unbound_proofs_allowed: flag(
      false,
      'Rules may require neither `mac` nor `bound_code`. A session or a plain code then approves any payee and amount that such a rule fits, as whoever is on the way changes them. Off: such a rule stops the start.',
    ),
  }),
  rate_limits: group({
    registrations: rateLimit(1_000, 600_000, 'registrations'),
    log_ins: rateLimit(1_000, 60_000, 'log-ins'),
    errors: rateLimit(2_000, 60_000, 'requests that end in an error'),
    reversals: rateLimit(600, 60_000, 'requests of one service that turn surrogates back'),
    user_entries: entryLimit(32_768, 'a user'),
    address_entries: entryLimit(262_144, 'an address'),
    service_entries: entryLimit(10_000_000, 'a service'),
  }),
  messages: group({
    ttl_ms: milliseconds(
      2_592_000_000,
      60_000,
      'How long a message is kept for its recipients. Then its content is deleted; that it was sent stays on record.',
    ),
    inbox_count_max: {
      type: 'integer',
      default: 1_024,
      minimum: 4,
      maximum: 65_536,
      description:
        'How many messages may wait in one inbox, of one sender a quarter of it; and how many are kept of one sender.',
    },
    inbox_bytes_max: {
      type: 'integer',
      default: 536_870_912,
      minimum: 1_048_576,
      maximum: 1_099_511_627_776,
      description:
        'The bytes of the messages that wait in one inbox, and of those that are kept of one sender.',
    },
  }),
  webhooks: group({
    private_addresses_allowed: addresses(
      'Addresses (or CIDR blocks) that webhooks may be sent to although they are not public, and without TLS. Every other one that is loopback, private, link-local, multicast or reserved is refused, whatever name leads there.',
    ),
    ca_file: optionalText({
      path: true,
      description: "Authorities (PEM) of endpoints' certificates beside the public ones.",
    }),
  }),
  web_push: group({
    enabled: flag(
      true,
      'Whether browsers whose users ask for it are told of transactions that wait, while the token’s page is closed: by Web Push (RFC 8030, 8291, 8292), through the push service that the browser chose. A message holds the id of the transaction and neither payee nor amount, and is encrypted for the browser; the push service learns when somebody has something to approve.',
    ),
    contact: {
      anyOf: [{ type: 'string', pattern: '^(mailto:|https://).' }, { type: 'null' }],
      default: null,
      expected: '"mailto:NAME@HOST" or "https://…", or null',
      description:
        'Whom a push service may tell of trouble with these messages (RFC 8292). By default `public_url`, where that is https.',
    },
    hosts: {
      type: 'array',
      items: { type: 'string', pattern: '^(\\*\\.)?[A-Za-z0-9.-]+$', maxLength: 253 },
      default: [
        'fcm.googleapis.com',
        '*.push.services.mozilla.com',
        '*.push.apple.com',
        '*.notify.windows.com',
      ],
      maxItems: 64,
      expected: 'a list of host names, such as ["fcm.googleapis.com", "*.push.apple.com"]',
      description:
        'The push services that messages may be sent to; `*.` stands for whatever is below a name. By default those of Chromium, Firefox, Safari and Edge.',
    },
    private_addresses_allowed: addresses(
      'Addresses (or CIDR blocks) that a push service may have although they are not public, and without TLS: for one of your own.',
    ),
  }),
  tcp_log_in_code_required: flag(
    true,
    'A log-in over TCP shows a code (`codigo`) where the user has an active `totp` or `hotp` token, as over REST. Off, for clients of the first version: the password alone opens such sessions, on TCP only.',
  ),
  tcp_plaintext_allowed: flag(
    false,
    'TCP without TLS on an address that is not loopback. Off: the start is refused there.',
  ),
  http_plaintext_allowed: flag(
    false,
    'HTTP without TLS on an address that is not loopback. Off: the start is refused there.',
  ),
  http_metrics_public: flag(
    false,
    '`/metrics` is for anyone. Off: for this machine and for administrators alone.',
  ),
  public_url: {
    anyOf: [{ type: 'string', pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\\s]+$' }, { type: 'null' }],
    default: null,
    expected: 'an origin such as "https://sello.example", or null',
    description:
      'Where browsers reach this server: links to enrol and passkeys are for this origin alone. By default `http://localhost` (with TLS `https://localhost`) and `http_port`.',
  },
  log_origin: {
    anyOf: [{ type: 'string', pattern: '^[^\\s+\\x00-\\x1f\\x7f]{1,255}$' }, { type: 'null' }],
    default: null,
    expected: 'a name without spaces and plus, such as "sello.example/log", or null',
    description:
      'The name of the transparency log in its checkpoints and its verifier key. By default the one that the log has; of a new log the host of `public_url`, or `localhost`. Another name is another log to witnesses and to whoever keeps a checkpoint.',
  },
  witness_urls: {
    type: 'array',
    items: {
      type: 'string',
      pattern: '^https?://[^\\s#?]+(#[^\\s#]+)?$',
      expected: 'a URL such as "https://witness.example/#NAME+HASH+KEY"',
    },
    default: [],
    maxItems: 16,
    expected:
      'a list of URLs, each with its verifier key behind #, such as ["https://witness.example/#NAME+HASH+KEY"]',
    description:
      'Witnesses (C2SP tlog-witness) that cosign each checkpoint of the log. With its verifier key a cosignature is verified before it is kept; without, it is kept as it came. A witness that fails is tried again and delays nothing.',
  },
  archive: group({
    after_days: {
      type: 'integer',
      default: 0,
      minimum: 0,
      maximum: 36_500,
      description:
        'Sealed entries older than this leave the database for compressed files; their hashes stay, and everything stays provable. 0: none do, unless `sello audit archive` is run.',
    },
    folder: optionalText({
      path: true,
      description:
        'The folder of these files, by default `archive` in the data folder. Of several servers one archives: give them one folder that they share, for an entry whose file is not there is shown without its content.',
    }),
  }),
  log_public: flag(
    true,
    'Tiles, checkpoints and proofs of the log are for anyone; they hold hashes alone. Off: for administrators and auditors.',
  ),
  http_cors_origins: {
    type: 'array',
    items: { type: 'string', pattern: '^https?://[^/?#@\\s]+$' },
    default: [],
    maxItems: 64,
    expected: 'a list of origins, such as ["https://shop.example"]',
    description: 'Sites whose pages may call the REST API from a browser. Empty: none but its own.',
  },
  tls_cert_file: optionalText({
    path: true,
    description: 'The certificate chain (PEM) of the TCP protocol and of HTTPS; read again on SIGHUP.',
  }),
  tls_key_file: optionalText({ path: true, description: 'The private key (PEM) of that certificate.' }),
  proxy_trusted: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [],
    maxItems: 256,
    expected: 'a list of addresses or CIDR blocks, such as ["10.0.0.0/8"]',
    description:
      "Proxies (addresses or CIDR blocks) that give the client's address: over TCP by the PROXY protocol v2, over HTTP by X-Forwarded-For.",
  },
  events: group({
    types: {
      type: 'array',
      items: { type: 'string', pattern: '^(\\*|[a-z]+\\.([a-z_]+|\\*))$' },
      default: ['*'],
      maxItems: 256,
      expected: 'a list of types such as ["transaction.*", "login.refused"]',
      description:
        'Which entries of the journal leave as events: types, `transaction.*` for all that begin so, `*` for all. On Pulsar a marker with index and hash stands for the others, so that no index is missing.',
    },
    fields_omitted: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-z_]{1,64}$' },
      default: [],
      maxItems: 64,
      expected: 'a list of members, such as ["payer", "payee"]',
      description:
        'Members of `transaction` and `detail` that are left out of events, such as account numbers: `["payer", "payee"]`. The hash in an event stays that of the whole entry.',
    },
  }),
  syslog: group({
    address: {
      anyOf: [
        { type: 'string', pattern: '^(tls|tcp)://(\\[[0-9a-fA-F:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$' },
        { type: 'null' },
      ],
      default: null,
      expected: '"tls://HOST:PORT", "tcp://HOST:PORT", or null',
      description:
        'A log server that every event is sent to (RFC 5424 over TLS, RFC 5425), such as `tls://logs.example:6514`. `tcp://` is the same without TLS, for loopback. Null: none.',
    },
    format: {
      enum: ['structured', 'cef', 'ocsf'],
      default: 'structured',
      description:
        'What a message holds: `structured` data with a short text, the Common Event Format, or OCSF 1.3 as JSON.',
    },
    ca_file: optionalText({
      path: true,
      description:
        "Who signed the log server's certificate (PEM), where it is none of the system's authorities; read again at each connection.",
    }),
    enterprise_number: {
      type: 'integer',
      default: 32_473,
      minimum: 1,
      maximum: 4_294_967_295,
      description:
        'The private enterprise number in the name of the structured data, `sello@32473`: by default the one of RFC 5612 for examples. Give yours of the IANA.',
    },
  }),
  pulsar: group({
    service_url: {
      anyOf: [{ type: 'string', pattern: '^(https?|wss?)://[^/?#@\\s]+/?$' }, { type: 'null' }],
      default: null,
      expected: 'the web service of a cluster such as "https://pulsar.example:8443", or null',
      description:
        'The web service of an Apache Pulsar cluster, to whose topic every event is published. Null: none. Its WebSocket service must be on, as it is in a standalone broker.',
    },
    topic: {
      type: 'string',
      default: 'persistent://public/default/sello-journal',
      pattern: '^persistent://[^/\\s]+/[^/\\s]+/[^/\\s]+$',
      expected: '"persistent://TENANT/NAMESPACE/TOPIC"',
      description:
        'The topic. It has one partition and deduplication, and is made with one where it does not exist. Names may end with the partition: `…-partition-0`.',
    },
    token_file: optionalText({
      path: true,
      description:
        'A file that holds the token (JWT) that the cluster asks for; read again at each connection. One line end at its end is dropped.',
    }),
    ca_file: optionalText({
      path: true,
      description:
        "Who signed the cluster's certificate (PEM), where it is none of the system's authorities; read again at each connection.",
    }),
  }),
  log_level: {
    enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
    description: 'The least severe log line that is written (to stderr, JSON).',
  },
  language: {
    enum: ['en', 'es'],
    default: 'en',
    description:
      'The language of what the commands print; by default that of `LC_ALL`, `LC_MESSAGES` or `LANG`.',
  },
  lab_enabled: flag(
    false,
    'Administrators may run the attacks of the lab from the console, with throw-away users. Needs `lab_allowed`.',
  ),
  lab_allowed: flag(true, 'The attacks of `sello lab` may be run against this server, on loopback.'),
});

/** The values as in the file: snake_case, one for every key. */
export type ConfigValues = ValuesOf<typeof ConfigSchema>;

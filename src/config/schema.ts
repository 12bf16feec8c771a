import Type from 'typebox';

/** Longer waits than this are a mistake of units. */
const MS_MAX = 31_536_000_000;

const milliseconds = (byDefault: number, minimum: number, description: string) =>
  Type.Integer({ default: byDefault, minimum, maximum: MS_MAX, description });
const port = (byDefault: number, description: string) =>
  Type.Integer({ default: byDefault, minimum: 0, maximum: 65_535, description });
const flag = (byDefault: boolean, description: string) => Type.Boolean({ default: byDefault, description });
const optionalText = (options: { description: string; path?: true; secret?: true }) =>
  Type.Union([Type.String({ minLength: 1 }), Type.Null()], { default: null, ...options });

const texts = Type.Union([
  Type.String({ minLength: 1 }),
  Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 1_000 }),
]);
const decimal = Type.String({
  pattern: '^(0|[1-9][0-9]{0,14})(\\.[0-9]{1,4})?$',
  expected: 'an exact decimal in quotes, such as "500.00"',
});

const policyRule = Type.Object(
  {
    when: Type.Optional(
      Type.Object(
        {
          payer: Type.Optional(texts),
          payee: Type.Optional(texts),
          amount_max: Type.Optional(decimal),
          currency: Type.Optional(texts),
          user: Type.Optional(texts),
          role: Type.Optional(texts),
        },
        { additionalProperties: false },
      ),
    ),
    require: Type.Array(
      Type.Union([
        Type.Literal('session'),
        Type.Literal('mac'),
        Type.Literal('code'),
        Type.Literal('bound_code'),
      ]),
      { minItems: 1, maxItems: 4 },
    ),
  },
  { additionalProperties: false },
);

const velocity = Type.Object(
  {
    window_ms: Type.Integer({ minimum: 1_000, maximum: MS_MAX }),
    count_max: Type.Optional(Type.Integer({ minimum: 0 })),
    amount_max: Type.Optional(decimal),
  },
  { additionalProperties: false },
);

const rateLimit = (countMax: number, windowMs: number, of: string) =>
  Type.Object({
    count_max: Type.Integer({
      default: countMax,
      minimum: 1,
      maximum: 1_000_000_000,
      description: `How many ${of} one address may make in \`window_ms\`.`,
    }),
    window_ms: milliseconds(windowMs, 1_000, `The window for ${of} of one address.`),
  });

/**
 * The configuration: every key with its default, its bounds and what it means. All else is derived from this: the
 * type `Config`, environment variables, flags, `docs/configuration.md`.
 * `path`: a file or folder, made absolute. `secret`: never printed.
 */
export const ConfigSchema = Type.Object({
  data_dir: Type.String({
    default: './data',
    minLength: 1,
    path: true,
    description:
      'The folder of everything this server keeps: database, sealed keys, socket. Made with mode 0700.',
  }),
  tcp_host: Type.String({
    default: '127.0.0.1',
    minLength: 1,
    description: 'The address that the TCP protocol listens on.',
  }),
  tcp_port: port(11_002, 'The port of the TCP protocol; 0 takes a free one.'),
  http_host: Type.String({
    default: '127.0.0.1',
    minLength: 1,
    description: 'The address that HTTP listens on.',
  }),
  http_port: port(8_080, 'The port of HTTP; 0 takes a free one.'),
  store_url: Type.String({
    default: 'sqlite:',
    pattern: '^(sqlite:|postgres(ql)?://)',
    expected: '"sqlite:" (in the data folder), "sqlite:PATH" or "postgres://…"',
    secret: true,
    description:
      'Where decisions are kept: `sqlite:` (in the data folder), `sqlite:PATH` or `postgres://…[,…]`.',
  }),
  vault_url: Type.String({
    default: 'file:',
    pattern: '^(file:|pkcs11:|https://)',
    expected: '"file:" (in the data folder), "file:PATH", "pkcs11:…" or "https://…"',
    description:
      'Where keys are kept: `file:` (sealed, in the data folder), `file:PATH`, `pkcs11:…` or `https://…` (a vault process).',
  }),
  vault_passphrase: optionalText({
    secret: true,
    description:
      'Opens the sealed file of keys. When neither it nor its file is given, one is made at the first start and kept in the data folder: fine to try Sello, not for production.',
  }),
  vault_passphrase_file: optionalText({
    path: true,
    description: 'A file that holds `vault_passphrase`; one line end at its end is dropped.',
  }),
  currency_default: Type.String({
    default: 'EUR',
    pattern: '^[A-Z]{3}$',
    expected: 'a currency of ISO 4217, such as EUR',
    description: 'The currency (ISO 4217) of a transaction that names none.',
  }),
  password_length_min: Type.Integer({
    default: 7,
    minimum: 1,
    maximum: 256,
    description: 'The fewest characters of a password.',
  }),
  registration_open: flag(
    true,
    'Anyone who can connect may register. Off: only `sello user create` makes users.',
  ),
  session_ttl_ms: milliseconds(43_200_000, 60_000, 'How long a session lasts.'),
  idempotency_ttl_ms: milliseconds(
    86_400_000,
    60_000,
    'How long an answer is kept for a repeated idempotency key.',
  ),
  lockout: Type.Object({
    attempts_max: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 1_000,
      description:
        'Wrong attempts of one user at one factor, from all addresses together, until that factor is locked.',
    }),
    lock_ms: milliseconds(30_000, 1, 'The first lock; each further wrong attempt doubles it.'),
    lock_ms_max: milliseconds(7_200_000, 1, 'The longest lock.'),
  }),
  keys: Type.Object({
    rotation_ms: milliseconds(300_000, 1_000, 'How often the key of the challenges changes.'),
    challenge_ttl_ms: milliseconds(120_000, 1_000, 'How long a challenge may be answered.'),
  }),
  policy: Type.Object({
    rules: Type.Array(policyRule, {
      default: [{ when: { amount_max: '500.00' }, require: ['mac'] }, { require: ['bound_code'] }],
      minItems: 1,
      maxItems: 1_000,
      description:
        'Which proofs a transaction needs: the first rule that fits. `when` may name `payer`, `payee`, `amount_max`, `currency`, `user`, `role` (a text or a list of them); `require` lists `session`, `mac`, `code`, `bound_code`. What no rule fits needs a bound code.',
    }),
    velocity: Type.Union([velocity, Type.Null()], {
      default: null,
      expected: 'null, or { window_ms, count_max, amount_max } with at least one of the last two',
      description:
        'What a user may move in any `window_ms`, by `count_max` transactions or `amount_max` per currency: beyond it, the last rule applies.',
    }),
  }),
  rate_limits: Type.Object({
    registrations: rateLimit(1_000, 600_000, 'registrations'),
    log_ins: rateLimit(1_000, 60_000, 'log-ins'),
    errors: rateLimit(2_000, 60_000, 'requests that end in an error'),
  }),
  tcp_plaintext_allowed: flag(
    false,
    'TCP without TLS on an address that is not loopback. Off: the start is refused there.',
  ),
  tls_cert_file: optionalText({
    path: true,
    description: 'The certificate chain (PEM) of the TCP protocol; read again on SIGHUP.',
  }),
  tls_key_file: optionalText({ path: true, description: 'The private key (PEM) of that certificate.' }),
  proxy_trusted: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    maxItems: 256,
    expected: 'a list of addresses or CIDR blocks, such as ["10.0.0.0/8"]',
    description:
      "Proxies (addresses or CIDR blocks) whose PROXY protocol v2 header gives the client's address.",
  }),
  log_level: Type.Union(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((level) =>
      Type.Literal(level as LogLevel),
    ),
    { default: 'info', description: 'The least severe log line that is written (to stderr, JSON).' },
  ),
  language: Type.Union([Type.Literal('en'), Type.Literal('es')], {
    default: 'en',
    description:
      'The language of what the commands print; by default that of `LC_ALL`, `LC_MESSAGES` or `LANG`.',
  }),
  lab_allowed: flag(true, 'The attacks of `sello lab` may be run against this server, on loopback.'),
});

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/*
 * Goal: every key can be set by file, environment and flag, and a mistake stops the start; the message says where it is
 * and how to fix it.
 * Method: `loadConfig` on files and environments made by the test; the documents are compared with the schema.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Settings } from '../../src/application/context.ts';
import { CONFIG_KEYS } from '../../src/config/keys.ts';
import { configurationReference } from '../../src/config/reference.ts';
import { expectedOf, problemOf } from '../../src/config/values.ts';
import { configWarnings } from '../../src/config/warnings.ts';
import { type ConfigInput, loadConfig } from '../../src/config.ts';
import { StartRefused } from '../../src/domain/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'sello-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function yaml(text: string): string {
  const file = join(folder, `${files++}.yaml`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

function refused(input: ConfigInput): string {
  try {
    loadConfig(input);
  } catch (error) {
    assert(error instanceof StartRefused, String(error));
    return error.message;
  }
  assert.fail('the configuration was accepted');
}

test('the defaults are those that other programs rely on, and match their own schema', () => {
  const { config, sources } = loadConfig({ folder: '/somewhere' });
  assert.equal(config.dataDir, '/somewhere/data');
  assert.equal(config.tcpHost, '127.0.0.1');
  assert.equal(config.tcpPort, 11002);
  assert.equal(config.httpHost, '127.0.0.1');
  assert.equal(config.httpPort, 8080);
  assert.equal(config.storeUrl, 'sqlite:');
  assert.equal(config.vaultUrl, 'file:');
  assert.equal(config.currencyDefault, 'EUR');
  assert.equal(config.passwordLengthMin, 7);
  assert.equal(config.registrationOpen, true);
  assert.deepEqual(config.lockout, { attemptsMax: 3, lockMs: 30000, lockMsMax: 7200000 });
  assert.deepEqual(config.keys, { rotationMs: 300000, challengeTtlMs: 120000 });
  assert.deepEqual(config.policy, {
    rules: [{ when: { amountMax: '500.00' }, require: ['mac'] }, { require: ['bound_code'] }],
    velocity: { windowMs: 86400000, amountMax: '5000.00' },
    unboundProofsAllowed: false,
  });
  assert.equal(config.tcpLogInCodeRequired, true);
  assert(CONFIG_KEYS.every(({ key }) => sources.get(key) === 'default'));
  for (const key of CONFIG_KEYS) assert.equal(problemOf(key, key.schema.default), undefined, key.key);
});

test('the use cases get the configuration as their settings, deeply frozen', () => {
  const { config } = loadConfig();
  const settings: Settings = config;
  assert(Object.isFrozen(settings) && Object.isFrozen(settings.policy.rules[0]?.require));
  assert.throws(() => Object.assign(config.lockout, { attemptsMax: 99 }), TypeError);
});

test('each key has its own variable and flag', () => {
  assert.equal(new Set(CONFIG_KEYS.map(({ variable }) => variable)).size, CONFIG_KEYS.length);
  assert.equal(new Set(CONFIG_KEYS.map(({ flag }) => flag)).size, CONFIG_KEYS.length);
  for (const { key, schema } of CONFIG_KEYS) {
    assert(schema.description.length > 10, key);
    assert(expectedOf(schema).length > 3, key);
  }
});

test('a flag wins over the environment, the environment over the file, the file over the default', () => {
  const file = yaml('tcp_port: 1\nhttp_port: 2\nlockout: { attempts_max: 4, lock_ms: 10 }\n');
  const environment = { SELLO_HTTP_PORT: '3', SELLO_LOCKOUT_LOCK_MS: '20', OTHER: 'x' };
  const flags = { '--lockout-lock-ms': '30' };
  const { config, sources } = loadConfig({ file, environment, flags });
  assert.equal(config.tcpPort, 1);
  assert.equal(config.httpPort, 3);
  assert.deepEqual(config.lockout, { attemptsMax: 4, lockMs: 30, lockMsMax: 7200000 });
  assert.equal(sources.get('tcp_port'), 'file');
  assert.equal(sources.get('http_port'), 'environment');
  assert.equal(sources.get('lockout.lock_ms'), 'flag');
  assert.equal(sources.get('lockout.lock_ms_max'), 'default');
});

test('a profile changes defaults; what is given is stronger, and says so', () => {
  const idle = (flags: Record<string, string>) => {
    const { config, sources } = loadConfig({ flags });
    return [config.sessionIdleMs, sources.get('session_idle_ms')];
  };
  assert.deepEqual(idle({}), [0, 'default']);
  assert.deepEqual(idle({ '--profile': 'psd2' }), [300_000, 'profile']);
  assert.deepEqual(idle({ '--profile': 'psd2', '--session-idle-ms': '60000' }), [60_000, 'flag']);
  assert.deepEqual(idle({ '--profile': 'psd2', '--session-idle-ms': '0' }), [0, 'flag']);
  assert.throws(() => loadConfig({ flags: { '--profile': 'psd3' } }), /profile expected .*psd2/);
  assert.throws(() => loadConfig({ flags: { '--session-idle-ms': '9999' } }), /expected 0 or at least 10000/);
});

test('every key can be set by each of its three names', () => {
  const others: Record<string, unknown> = {
    data_dir: '/d',
    tcp_host: '127.0.0.2',
    http_host: '::1',
    store_url: 'sqlite:/x',
    store_password_file: '/p',
    store_owner_url: 'postgres://owner@db/sello',
    vault_url: 'file:/x',
    vault_passphrase: 'p',
    role: 'vault',
    profile: 'psd2',
    session_idle_ms: 60_000,
    vault_ca_file: '/a',
    vault_cert_file: '/c',
    vault_key_file: '/k',
    vault_host: '127.0.0.2',
    vault_tls_ca_file: '/a',
    vault_tls_cert_file: '/c',
    vault_tls_key_file: '/k',
    vault_callers: ['api-1', 'api-2'],
    vault_key_managers: ['api-1'],
    rate_limit_url: 'rediss://r',
    rate_limit_ca_file: '/a',
    currency_default: 'JPY',
    registration_open: false,
    tcp_plaintext_allowed: true,
    http_plaintext_allowed: true,
    http_metrics_public: true,
    http_cors_origins: ['https://shop.example'],
    public_url: 'https://sello.example',
    log_origin: 'sello.example/log',
    log_public: false,
    witness_urls: ['https://one.example', 'http://127.0.0.1:7380/'],
    enrolment_code_required: true,
    lab_enabled: true,
    lab_allowed: false,
    log_level: 'warn',
    language: 'es',
    proxy_trusted: ['10.0.0.0/8', '::1'],
    'webhooks.private_addresses_allowed': ['127.0.0.1', 'fd00::/8'],
    'archive.folder': '/a',
    'webhooks.ca_file': '/a',
    'web_push.enabled': false,
    'web_push.contact': 'mailto:security@sello.example',
    'web_push.hosts': ['push.example'],
    'web_push.private_addresses_allowed': ['127.0.0.1', 'fd00::/8'],
    'syslog.address': 'tls://[::1]:6514',
    'syslog.format': 'ocsf',
    'syslog.ca_file': '/a',
    tls_cert_file: '/c',
    tls_key_file: '/k',
    vault_passphrase_file: yaml('p\n'),
    vault_pin: '1',
    vault_pin_file: yaml('1\n'),
    vault_custody: 'cached',
    'policy.rules': [{ when: { user: ['alice'], role: 'admin' }, require: ['session', 'mac'] }],
    'policy.velocity': { window_ms: 60000, count_max: 3 },
    'policy.unbound_proofs_allowed': true,
    tcp_log_in_code_required: false,
    'events.types': ['transaction.*', 'login.refused'],
    'events.fields_omitted': ['payer'],
    'pulsar.service_url': 'https://pulsar.example:8443',
    'pulsar.topic': 'persistent://bank/journal/decisions',
    'pulsar.token_file': '/t',
    'pulsar.ca_file': '/a',
  };
  const pairs: Readonly<Record<string, Record<string, unknown>>> = {
    tls_cert_file: { tls_key_file: '/k' },
    tls_key_file: { tls_cert_file: '/c' },
    rate_limit_ca_file: { rate_limit_url: 'rediss://r' },
    role: {
      vault_tls_ca_file: '/a',
      vault_tls_cert_file: '/c',
      vault_tls_key_file: '/k',
      vault_callers: ['api-1'],
    },
  };
  for (const { key, path, variable, flag, schema } of CONFIG_KEYS) {
    const value = key in others ? others[key] : (schema.default as number) + 1;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    // Some keys are valid only together with another.
    const pair: Record<string, unknown> = pairs[key] ?? {};
    const nested = path.toReversed().reduce<unknown>((inner, name) => ({ [name]: inner }), value);
    const inputs: ConfigInput[] = [
      { file: yaml(JSON.stringify({ ...pair, ...(nested as object) })) },
      { file: yaml(JSON.stringify(pair)), environment: { [variable]: text } },
      { file: yaml(JSON.stringify(pair)), flags: { [flag]: text } },
    ];
    const [fromFile, ...more] = inputs.map((input) => JSON.stringify(loadConfig(input).config));
    for (const other of more) assert.equal(other, fromFile, key);
    assert.notEqual(fromFile, JSON.stringify(loadConfig().config), key);
  }
});

test('an unknown key stops the start with its name, its origin and the nearest known one', () => {
  const file = yaml('tcp_prot: 5\n');
  const cases: [ConfigInput, RegExp][] = [
    [{ file }, /\.yaml: unknown key "tcp_prot"; did you mean tcp_port \(a whole number from 0 to 65535\)\?/],
    [
      { file: yaml('lockout: { atempts_max: 1 }') },
      /unknown key "lockout.atempts_max"; did you mean lockout.attempts_max/,
    ],
    [{ file: yaml('attempts_max: 1') }, /unknown key "attempts_max"; did you mean lockout.attempts_max/],
    [{ file: yaml('polcy: {}') }, /unknown key "polcy"; did you mean policy\?/],
    [{ file: yaml('__proto__: { tcp_port: 5 }') }, /unknown key "__proto__"/],
    [{ file: yaml('constructor: 5') }, /unknown key "constructor"/],
    [
      { environment: { SELLO_TCP_PROT: '5' } },
      /unknown environment variable SELLO_TCP_PROT; did you mean SELLO_TCP_PORT/,
    ],
    [
      { environment: { SELLO_ZZZZZZZZZZZ: '5' } },
      /unknown environment variable SELLO_ZZZZZZZZZZZ\. All keys: docs\/configuration.md/,
    ],
    [{ flags: { '--tcp-prot': '5' } }, /unknown flag --tcp-prot; did you mean --tcp-port/],
    [
      { flags: { '--policy-rules': '[{"when":{"payeee":"B"},"require":["mac"]}]' } },
      /--policy-rules: policy.rules\[0\].when.payeee is not known: expected payer, payee.* \(did you mean "payee"\?\)/,
    ],
    [
      { flags: { '--policy-rules': '[{"require":["mca"]}]' } },
      /policy.rules\[0\].require\[0\] expected one of session, mac, code, bound_code, not "mca" \(did you mean "mac"\?\)/,
    ],
    [{ flags: { '--policy-rules': '[{"when":{}}]' } }, /policy.rules\[0\].require is missing/],
  ];
  for (const [input, expected] of cases) assert.match(refused(input), expected);
});

test('what Kubernetes sets for a Service called sello is no key, and is ignored', () => {
  const { config } = loadConfig({
    environment: {
      SELLO_SERVICE_HOST: '10.0.0.11',
      SELLO_SERVICE_PORT: '8080',
      SELLO_SERVICE_PORT_HTTP: '8080',
      SELLO_PORT: 'tcp://10.0.0.11:8080',
      SELLO_PORT_8080_TCP: 'tcp://10.0.0.11:8080',
      SELLO_PORT_8080_TCP_PROTO: 'tcp',
      SELLO_PORT_8080_TCP_PORT: '8080',
      SELLO_PORT_8080_TCP_ADDR: '10.0.0.11',
      // Of Services called sello-vault and sello-tcp; the last is the name of a key.
      SELLO_VAULT_SERVICE_HOST: '10.0.0.12',
      SELLO_TCP_PORT: 'tcp://10.0.0.13:11002',
      SELLO_HTTP_PORT: '8181',
    },
  });
  assert.deepEqual([config.tcpPort, config.httpPort], [11_002, 8_181]);
  assert.match(refused({ environment: { SELLO_PORT: '8080' } }), /unknown environment variable SELLO_PORT/);
});

test('an origin is taken as browsers write it', () => {
  const origins = {
    '--public-url': 'HTTPS://Sello.Example:443',
    '--http-cors-origins': 'https://Bücher.example',
  };
  const { config } = loadConfig({ flags: { ...origins } });
  assert.equal(config.publicUrl, 'https://sello.example');
  assert.deepEqual(config.httpCorsOrigins, ['https://xn--bcher-kva.example']);
});

test('a bad value stops the start with its key, its origin and what was expected', () => {
  const cases: [ConfigInput, RegExp][] = [
    [
      { flags: { '--tcp-port': 'eleven' } },
      /^--tcp-port: tcp_port expected a whole number from 0 to 65535, not "eleven"$/,
    ],
    [{ flags: { '--tcp-port': '65536' } }, /expected a whole number from 0 to 65535, not 65536/],
    [{ flags: { '--tcp-port': '' } }, /expected a whole number from 0 to 65535, not ""/],
    [{ file: yaml('tcp_port: "5"') }, /\.yaml: tcp_port expected a whole number from 0 to 65535, not "5"/],
    [
      { environment: { SELLO_REGISTRATION_OPEN: 'maybe' } },
      /^SELLO_REGISTRATION_OPEN: registration_open expected true or false, not "maybe"$/,
    ],
    [
      { flags: { '--log-level': 'inof' } },
      /expected one of trace, .*silent, not "inof" \(did you mean "info"\?\)/,
    ],
    [{ flags: { '--store-url': 'mysql://root:hush@h' } }, /store_url expected "sqlite:" .* not its value/],
    [{ flags: { '--currency-default': 'EURO' } }, /expected a currency of ISO 4217/],
    [{ flags: { '--policy-rules': '{' } }, /policy.rules expected a list, not "\{"/],
    [
      { flags: { '--policy-rules': '[{"when":{"amount_max":500},"require":["mac"]}]' } },
      /policy.rules\[0\].when.amount_max expected an exact decimal in quotes, such as "500.00", not 500/,
    ],
    [{ file: yaml('lockout: 3') }, /"lockout" expected keys with values/],
    [{ file: yaml('- 3') }, /the file expected keys with values/],
    [{ file: yaml('a: [') }, /not YAML/],
    [{ file: yaml('tcp_port: 1\ntcp_port: 2') }, /not YAML: .*unique/],
    [{ file: join(folder, 'none.yaml') }, /cannot be read: ENOENT/],
    [{ environment: { SELLO_CONFIG: join(folder, 'none.yaml') } }, /cannot be read: ENOENT/],
    [{ file: yaml(`# ${'x'.repeat(1_048_577)}`) }, /larger than 1048576 bytes/],
    [
      { flags: { '--vault-passphrase-file': join(folder, 'none') } },
      /vault_passphrase_file: .* cannot be read/,
    ],
    [{ flags: { '--vault-passphrase-file': yaml('\n') } }, /is empty/],
  ];
  for (const [input, expected] of cases) assert.match(refused(input), expected);
  assert.doesNotMatch(refused({ flags: { '--store-url': 'mysql://root:hush@h' } }), /hush/);
});

test('keys that do not go together stop the start, both named', () => {
  const cases: [Record<string, string>, RegExp][] = [
    [
      { '--lockout-lock-ms': '9', '--lockout-lock-ms-max': '8' },
      /lockout.lock_ms \(9\) expected at most lockout.lock_ms_max \(8\)/,
    ],
    [
      { '--keys-challenge-ttl-ms': '1001001', '--keys-rotation-ms': '1000' },
      /keys.challenge_ttl_ms .* 1000 times keys.rotation_ms/,
    ],
    [{ '--currency-default': 'XXQ' }, /currency_default expected a currency of ISO 4217, not "XXQ"/],
    [{ '--tls-cert-file': '/c' }, /tls_key_file is missing/],
    [{ '--tls-key-file': '/c' }, /tls_cert_file is missing/],
    [{ '--tcp-host': '0.0.0.0' }, /tcp_host 0.0.0.0 is not loopback .* tcp_plaintext_allowed: true/],
    [{ '--tcp-host': '::' }, /is not loopback/],
    [{ '--http-host': '0.0.0.0' }, /http_host 0.0.0.0 is not loopback .* http_plaintext_allowed: true/],
    [{ '--http-cors-origins': 'https://shop.example/' }, /http_cors_origins/],
    [
      { '--public-url': 'https://sello.example:99999' },
      /public_url expected an origin .* the port is not valid/,
    ],
    [{ '--public-url': 'https://sello example' }, /public_url/],
    [{ '--http-cors-origins': 'https://shop.example:0x1' }, /http_cors_origins expected an origin/],
    [{ '--tcp-host': '127.0.0.1.example' }, /is not loopback/],
    [{ '--tcp-port': '8080' }, /tcp_port and http_port are both 8080/],
    [{ '--vault-passphrase': 'a', '--vault-passphrase-file': yaml('a') }, /both given/],
    [{ '--vault-pin': 'a', '--vault-pin-file': yaml('a') }, /vault_pin and vault_pin_file are both given/],
    [{ '--vault-url': 'pkcs11:token=a?module-path=/x.so' }, /vault_pin or vault_pin_file expected/],
    [{ '--proxy-trusted': '10.0.0.0/33' }, /proxy_trusted expected an address or CIDR block/],
    [{ '--proxy-trusted': '10.0.0.0/8/8' }, /proxy_trusted expected/],
    [
      { '--witness-urls': 'https://w.example/#w.example+00000000+AAAA' },
      /witness_urls expected a verifier key/,
    ],
    [{ '--witness-urls': 'ftp://w.example' }, /witness_urls\[0\] expected a URL such as/],
    [
      { '--policy-rules': '[{"when":{"currency":"JPY","amount_max":"1.5"},"require":["mac"]}]' },
      /amount_max expected at most 0 decimals in JPY, not "1.5"/,
    ],
    [
      { '--policy-rules': '[{"when":{"currency":["EUR","EUX"]},"require":["mac"]}]' },
      /currency expected a currency of ISO 4217, not "EUX"/,
    ],
    [
      { '--policy-rules': '[{"when":{"role":"root"},"require":["mac"]}]' },
      /role expected one of user, admin, auditor, not "root"/,
    ],
    ...['["session"]', '["code"]', '["session","code"]'].map((require): [Record<string, string>, RegExp] => [
      { '--policy-rules': `[{"when":{"payee":"Own"},"require":${require}},{"require":["bound_code"]}]` },
      /policy.rules\[0\].require expected mac or bound_code: .* policy.unbound_proofs_allowed: true/,
    ]),
    [{ '--policy-rules': '[{"require":[]}]' }, /policy.rules\[0\].require/],
    [
      { '--policy-velocity': '{"window_ms":60000,"amount_max":"1.00","currency":"EUX"}' },
      /policy.velocity.currency expected a currency of ISO 4217, not "EUX"/,
    ],
    [
      { '--policy-velocity': '{"window_ms":60000,"count_max":1,"currency":"EUR"}' },
      /policy.velocity.currency expected beside amount_max/,
    ],
    [
      { '--policy-velocity': '{"window_ms":60000}' },
      /policy.velocity expected count_max, amount_max or both/,
    ],
  ];
  for (const [flags, expected] of cases) assert.match(refused({ flags }), expected);
  for (const flags of [
    { '--tcp-host': '127.9.9.9' },
    { '--tcp-host': '::1' },
    { '--tcp-host': 'localhost' },
    { '--tcp-host': '0.0.0.0', '--tcp-plaintext-allowed': 'true' },
  ]) {
    assert.equal(loadConfig({ flags }).config.tcpHost, flags['--tcp-host']);
  }
});

test('several mistakes are reported at once, one per line, at most a screen of them', () => {
  assert.equal(
    refused({ flags: { '--tcp-port': 'x', '--http-port': 'y' }, environment: { SELLO_NO: '' } }).split('\n')
      .length,
    3,
  );
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`SELLO_WRONG_${index}`, '']));
  assert.match(refused({ environment: many }), /\n… and 42 more$/);
});

test('a secret is taken from its file, without one line end', () => {
  const { config } = loadConfig({ flags: { '--vault-passphrase-file': yaml('open sesame \n') } });
  assert.equal(config.vaultPassphrase, 'open sesame ');
});

test('relative paths start at the folder given', () => {
  const { config } = loadConfig({
    folder: '/f',
    flags: { '--data-dir': 'd', '--tls-cert-file': 'c', '--tls-key-file': '/k' },
  });
  assert.deepEqual([config.dataDir, config.tlsCertFile, config.tlsKeyFile], ['/f/d', '/f/c', '/k']);
});

test('the language is by default that of the locale', () => {
  const language = (environment: Record<string, string>) => loadConfig({ environment }).config.language;
  assert.equal(language({ LANG: 'es_ES.UTF-8' }), 'es');
  assert.equal(language({ LANG: 'es_ES.UTF-8', LC_ALL: 'C' }), 'en');
  assert.equal(language({ LANG: 'est' }), 'en');
  assert.equal(language({ LANG: 'es', SELLO_LANGUAGE: 'en' }), 'en');
});

test('the example for production is accepted, and only what it cannot know is warned of', () => {
  const example = readFileSync(new URL('../../deploy/sello.example.yaml', import.meta.url), 'utf8');
  const secret = yaml('correct horse battery staple\n');
  const file = yaml(example.replace('/etc/sello/vault-passphrase', secret));
  const { config } = loadConfig({ file });
  assert.equal(config.registrationOpen, false);
  assert.equal(config.labAllowed, false);
  assert.deepEqual(configWarnings(config), []);
});

test('the defaults are warned of as not fit for production', () => {
  const keys = configWarnings(loadConfig().config).map(({ key }) => key);
  assert.deepEqual(keys, [
    ...['registration_open', 'vault_passphrase', 'tls_cert_file'],
    ...['enrolment_code_required', 'lab_allowed'],
  ]);
  const shadowed = loadConfig({
    flags: { '--policy-rules': '[{"require":["mac"]},{"require":["bound_code"]}]' },
  });
  assert(
    configWarnings(shadowed.config).some(
      ({ key, text }) => key === 'policy.rules' && text.en.includes('rule 1'),
    ),
  );
});

test('what lets a proof approve that does not bind, or a password move without bound, is warned of by its key', () => {
  const warned = (flags: Record<string, string>) =>
    configWarnings(loadConfig({ flags }).config)
      .filter(({ key }) => key.startsWith('policy') || key.startsWith('tcp_log_in'))
      .map(({ key, text }) => [key, text.en.includes('USD')]);
  assert.deepEqual(warned({}), []);
  assert.deepEqual(warned({ '--policy-velocity': 'null' }), [['policy.velocity', false]]);
  assert.deepEqual(warned({ '--tcp-log-in-code-required': 'false' }), [['tcp_log_in_code_required', false]]);
  assert.deepEqual(
    warned({ '--policy-unbound-proofs-allowed': 'true', '--policy-rules': '[{"require":["session"]}]' }),
    [['policy.unbound_proofs_allowed', false]],
  );
  const dollars =
    '[{"when":{"currency":"USD","amount_max":"9.00"},"require":["mac"]},{"require":["bound_code"]}]';
  assert.deepEqual(warned({ '--policy-rules': dollars }), [['policy.velocity', true]]);
  const limited = '{"window_ms":60000,"amount_max":"9.00","currency":["EUR","USD"]}';
  assert.deepEqual(warned({ '--policy-rules': dollars, '--policy-velocity': limited }), []);
});

test('docs/configuration.md is up to date', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(
    page,
    configurationReference(),
    'run: node_modules/.bin/node scripts/configuration-reference.ts',
  );
});

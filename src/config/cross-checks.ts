import { readVerifierKey } from '../domain/log/verify-note.ts';
import { currencyDecimals } from '../domain/money/currency.ts';
import { LIMITS } from '../limits.ts';
import { isAddressBlock, isLoopback } from '../net/address.ts';
import type { ConfigValues } from './schema.ts';

/** Verifying a challenge may derive one key for each rotation within its lifetime. */
const ROTATIONS_PER_CHALLENGE_MAX = 1_000;

/** Problems of keys that are valid alone but not together, one line each. */
export function* crossProblems(values: ConfigValues): Generator<string> {
  const { lockout, keys } = values;
  if (lockout.lock_ms > lockout.lock_ms_max) {
    yield `lockout.lock_ms (${lockout.lock_ms}) expected at most lockout.lock_ms_max (${lockout.lock_ms_max})`;
  }
  const { session_idle_ms: idle } = values;
  if (idle > 0 && idle < LIMITS.sessionIdleMsMin) {
    yield `session_idle_ms expected 0 or at least ${LIMITS.sessionIdleMsMin}, not ${idle}`;
  }
  if (keys.challenge_ttl_ms > keys.rotation_ms * ROTATIONS_PER_CHALLENGE_MAX) {
    yield `keys.challenge_ttl_ms (${keys.challenge_ttl_ms}) expected at most ${ROTATIONS_PER_CHALLENGE_MAX} times keys.rotation_ms (${keys.rotation_ms})`;
  }
  if (currencyDecimals(values.currency_default) === undefined) {
    yield `currency_default expected a currency of ISO 4217, not "${values.currency_default}"`;
  }
  yield* policyProblems(values.policy);
  for (const [key, origin] of [
    ['public_url', values.public_url],
    ...values.http_cors_origins.map((each) => ['http_cors_origins', each] as const),
  ] as const) {
    if (origin !== null && !URL.canParse(origin))
      yield `${key} expected an origin such as "https://sello.example", not "${origin}": the host or the port is not valid`;
  }
  yield* listenerProblems(values);
  yield* vaultProblems(values);
  yield* relayProblems(values);
  if (values.vault_passphrase !== null && values.vault_passphrase_file !== null) {
    yield 'vault_passphrase and vault_passphrase_file are both given: expected one of them';
  }
  if (values.vault_pin !== null && values.vault_pin_file !== null) {
    yield 'vault_pin and vault_pin_file are both given: expected one of them';
  }
  if (values.vault_url.startsWith('pkcs11:') && values.vault_pin === null && values.vault_pin_file === null) {
    yield 'vault_pin or vault_pin_file expected with a pkcs11: vault_url';
  }
  if (values.rate_limit_ca_file !== null && !values.rate_limit_url.startsWith('rediss:')) {
    yield 'rate_limit_ca_file expected with a rediss:// address in rate_limit_url alone';
  }
  for (const url of values.witness_urls) {
    const [, vkey] = url.split('#', 2);
    if (vkey !== undefined && !readVerifierKey(safelyDecoded(vkey)))
      yield `witness_urls expected a verifier key NAME+HASH+KEY behind #, not "${vkey}"`;
    else if (!URL.canParse(url)) yield `witness_urls expected URLs, not "${url}"`;
  }
  for (const block of values.proxy_trusted) {
    if (!isAddressBlock(block))
      yield `proxy_trusted expected an address or CIDR block such as 10.0.0.0/8, not "${block}"`;
  }
  if (Number(/:(\d+)$/.exec(values.syslog.address ?? ':1')?.[1]) > 65_535) {
    yield `syslog.address expected a port of at most 65535, not "${values.syslog.address}"`;
  }
  for (const block of values.webhooks.private_addresses_allowed) {
    if (!isAddressBlock(block))
      yield `webhooks.private_addresses_allowed expected an address or CIDR block such as 10.1.2.3 or fd00::/8, not "${block}"`;
  }
  for (const block of values.web_push.private_addresses_allowed) {
    if (!isAddressBlock(block))
      yield `web_push.private_addresses_allowed expected an address or CIDR block such as 10.1.2.3 or fd00::/8, not "${block}"`;
  }
}

function* relayProblems({ role, store_url: storeUrl, pulsar }: ConfigValues): Generator<string> {
  if (role === 'relay' && storeUrl.startsWith('sqlite:')) {
    yield 'store_url expected postgres://…, which processes can share, for role is relay: the server of a SQLite file relays by itself';
  }
  if (pulsar.service_url !== null && pulsar.ca_file !== null && !/^(https|wss):/.test(pulsar.service_url)) {
    yield 'pulsar.ca_file expected with an https:// address in pulsar.service_url alone';
  }
}

function* policyProblems(policy: ConfigValues['policy']): Generator<string> {
  for (const [index, { when, require }] of policy.rules.entries()) {
    const place = `policy.rules[${index}].when`;
    if (
      !policy.unbound_proofs_allowed &&
      !require.some((proof) => proof === 'mac' || proof === 'bound_code')
    ) {
      yield `policy.rules[${index}].require expected mac or bound_code: ${require.join(' and ')} would approve whatever payee and amount arrive. If that is meant, allow it with policy.unbound_proofs_allowed: true`;
    }
    const currencies = when?.currency === undefined ? [] : [when.currency].flat();
    for (const currency of currencies) {
      const decimals = currencyDecimals(currency);
      if (decimals === undefined)
        yield `${place}.currency expected a currency of ISO 4217, not "${currency}"`;
      else if (when?.amount_max !== undefined && decimalsOf(when.amount_max) > decimals) {
        yield `${place}.amount_max expected at most ${decimals} decimals in ${currency}, not "${when.amount_max}"`;
      }
    }
    for (const role of when?.role === undefined ? [] : [when.role].flat()) {
      if (!ROLES.includes(role)) yield `${place}.role expected one of ${ROLES.join(', ')}, not "${role}"`;
    }
  }
  const { velocity } = policy;
  if (velocity && velocity.count_max === undefined && velocity.amount_max === undefined) {
    yield 'policy.velocity expected count_max, amount_max or both beside window_ms';
  }
  for (const currency of velocity?.currency === undefined ? [] : [velocity.currency].flat()) {
    if (currencyDecimals(currency) === undefined)
      yield `policy.velocity.currency expected a currency of ISO 4217, not "${currency}"`;
  }
  if (velocity?.currency !== undefined && velocity.amount_max === undefined) {
    yield 'policy.velocity.currency expected beside amount_max alone';
  }
}

const ROLES: readonly string[] = ['user', 'admin', 'auditor'];

function decimalsOf(amount: string): number {
  const point = amount.indexOf('.');
  return point < 0 ? 0 : amount.length - point - 1;
}

function* listenerProblems(values: ConfigValues): Generator<string> {
  const tls = values.tls_cert_file !== null;
  if (tls !== (values.tls_key_file !== null)) {
    yield `tls_cert_file and tls_key_file expected together: ${tls ? 'tls_key_file' : 'tls_cert_file'} is missing`;
  }
  if (!tls && !values.tcp_plaintext_allowed && !isLoopback(values.tcp_host)) {
    yield `tcp_host ${values.tcp_host} is not loopback and would be listened on without TLS: give tls_cert_file and tls_key_file, or allow it with tcp_plaintext_allowed: true`;
  }
  if (!tls && !values.http_plaintext_allowed && !isLoopback(values.http_host)) {
    yield `http_host ${values.http_host} is not loopback and would be listened on without TLS: give tls_cert_file and tls_key_file, or allow it with http_plaintext_allowed: true`;
  }
  if (values.tcp_port !== 0 && values.tcp_port === values.http_port && values.tcp_host === values.http_host) {
    yield `tcp_port and http_port are both ${values.tcp_port}: expected two ports`;
  }
}

function* vaultProblems(values: ConfigValues): Generator<string> {
  const remote = values.vault_url.startsWith('https:');
  if (remote && !isOrigin(values.vault_url)) {
    yield `vault_url expected https://HOST or https://HOST:PORT and nothing else, not "${values.vault_url}"`;
  }
  if (remote) yield* missing(values, 'vault_url', ['vault_ca_file', 'vault_cert_file', 'vault_key_file']);
  if (values.role !== 'vault') return;
  if (remote)
    yield 'vault_url expected keys that this process opens itself, file: or pkcs11:, for role is vault';
  yield* missing(values, 'role', ['vault_tls_ca_file', 'vault_tls_cert_file', 'vault_tls_key_file']);
  if (values.vault_callers.length + values.vault_key_managers.length === 0) {
    yield 'vault_callers expected the names of those who may call, for role is vault: nobody may yet';
  }
}

function* missing(
  values: ConfigValues,
  cause: 'role' | 'vault_url',
  keys: readonly (keyof ConfigValues)[],
): Generator<string> {
  for (const key of keys) {
    if (values[key] === null) yield `${key} is missing, which ${cause} ${values[cause]} needs`;
  }
}

function isOrigin(url: string): boolean {
  return URL.canParse(url) && /^https:\/\/[^/?#@]+\/?$/.test(url);
}

/** A key may hold signs that some write with a percent sign. */
function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

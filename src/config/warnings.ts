import type { Config } from '../config.ts';
import { type Text, text } from '../language/text.ts';
import { isLoopback } from '../net/address.ts';

/** A setting that is allowed but not fit for production: why, and how to change it. */
export interface ConfigWarning {
  readonly key: string;
  readonly text: Text;
}

const PASSPHRASE_BESIDE_KEYS: ConfigWarning = {
  key: 'vault_passphrase',
  text: text(
    'the passphrase of the keys lies beside them in the data folder: keep it elsewhere with vault_passphrase_file',
    'la contraseña de las claves está junto a ellas en la carpeta de datos: guárdela en otro sitio con vault_passphrase_file',
  ),
};

const PROOF_TTL_MS_SAFE = 900_000;
const RECOVERY_WAIT_MS_SAFE = 3_600_000;

/** Warnings from the configuration alone. Does NOT look at files: `sello doctor` does. */
export function configWarnings(config: Config): readonly ConfigWarning[] {
  const warnings: ConfigWarning[] = [];
  const warn = (key: string, en: string, es: string) => warnings.push({ key, text: text(en, es) });
  const passphraseIsBeside = config.vaultUrl.startsWith('file:') && config.vaultPassphrase === null;

  if (config.role === 'vault') return passphraseIsBeside ? [PASSPHRASE_BESIDE_KEYS] : [];
  if (config.registrationOpen) {
    warn(
      'registration_open',
      'anyone who can connect may register: set registration_open: false and create users with `sello user create`',
      'cualquiera que se conecte puede registrarse: ponga registration_open: false y cree usuarios con `sello user create`',
    );
  }
  if (passphraseIsBeside) warnings.push(PASSPHRASE_BESIDE_KEYS);
  if (config.tlsCertFile === null) {
    const open = !isLoopback(config.tcpHost);
    warn(
      'tls_cert_file',
      open
        ? 'TCP without TLS on an address that is not loopback: everyone on the way reads passwords'
        : 'TCP without TLS, on loopback only: give tls_cert_file and tls_key_file to listen elsewhere',
      open
        ? 'TCP sin TLS en una dirección que no es local: cualquiera en el camino lee las contraseñas'
        : 'TCP sin TLS, solo en la dirección local: dé tls_cert_file y tls_key_file para escuchar en otra',
    );
  }
  if (config.tlsCertFile === null && !isLoopback(config.httpHost)) {
    warn(
      'http_plaintext_allowed',
      'HTTP without TLS on an address that is not loopback: everyone on the way reads passwords and tokens',
      'HTTP sin TLS en una dirección que no es local: cualquiera en el camino lee contraseñas y tokens',
    );
  }
  if (!config.enrolmentCodeRequired) {
    warn(
      'enrolment_code_required',
      'a session that once showed a code may enrol anew after all tokens and passkeys were revoked: set enrolment_code_required: true',
      'una sesión que mostró un código puede dar de alta otro token cuando ya no queda ninguno: ponga enrolment_code_required: true',
    );
  }
  if (config.proofTtlMs > PROOF_TTL_MS_SAFE) {
    warn(
      'proof_ttl_ms',
      'an administrator’s session that was left open may change everything for more than a quarter of an hour',
      'una sesión de administración abandonada puede cambiarlo todo durante más de un cuarto de hora',
    );
  }
  if (config.recoveryWaitMs < RECOVERY_WAIT_MS_SAFE) {
    warn(
      'recovery_wait_ms',
      'two administrators can give a user’s account to another device before the user has noticed: wait at least an hour',
      'dos administradores pueden dar la cuenta de un usuario a otro dispositivo antes de que lo note: espere al menos una hora',
    );
  }
  if (config.labAllowed) {
    warn(
      'lab_allowed',
      'the attacks of `sello lab` may be run against this server: set lab_allowed: false',
      'los ataques de `sello lab` se pueden lanzar contra este servidor: ponga lab_allowed: false',
    );
  }
  const syslogHost = /^tcp:\/\/\[?([^\]]+?)\]?:\d+$/.exec(config.syslog.address ?? '')?.[1];
  if (syslogHost !== undefined && !isLoopback(syslogHost)) {
    warn(
      'syslog.address',
      'events go to the log server without TLS: everyone on the way reads account numbers and may change what arrives: use tls://',
      'los eventos van al servidor de registro sin TLS: cualquiera en el camino lee números de cuenta y puede cambiar lo que llega: use tls://',
    );
  }
  if (config.webhooks.privateAddressesAllowed.length > 0) {
    warn(
      'webhooks.private_addresses_allowed',
      'an administrator can have requests sent to these addresses inside, also without TLS: name single addresses',
      'un administrador puede hacer que se envíen peticiones a estas direcciones internas, también sin TLS: nombre direcciones sueltas',
    );
  }
  if (config.webPush.privateAddressesAllowed.length > 0) {
    warn(
      'web_push.private_addresses_allowed',
      'whoever has a session can have requests sent to these addresses inside, on the hosts of web_push.hosts: name single addresses',
      'quien tenga una sesión puede hacer que se envíen peticiones a estas direcciones internas, en los hosts de web_push.hosts: nombre direcciones sueltas',
    );
  }
  if (!config.tcpLogInCodeRequired) {
    warn(
      'tcp_log_in_code_required',
      'over TCP a password alone opens a session of a user who has a token, and moves what the policy allows by MAC: set tcp_log_in_code_required: true once the clients send codigo',
      'por TCP basta la contraseña para abrir la sesión de un usuario que tiene token y mover lo que la política permite con MAC: ponga tcp_log_in_code_required: true cuando los clientes envíen codigo',
    );
  }
  const { serviceUrl, tokenFile } = config.pulsar;
  if (serviceUrl !== null && /^(http|ws):/.test(serviceUrl) && !isLoopback(new URL(serviceUrl).hostname)) {
    warn(
      'pulsar.service_url',
      `events${tokenFile === null ? '' : ' and the token'} go to Pulsar without TLS: everyone on the way reads them; use https://`,
      `los eventos${tokenFile === null ? '' : ' y el token'} van a Pulsar sin TLS: cualquiera en el camino los lee; use https://`,
    );
  }
  warnings.push(...policyWarnings(config));
  return warnings;
}

function* policyWarnings({ policy, currencyDefault }: Config): Generator<ConfigWarning> {
  const warning = (key: string, en: string, es: string): ConfigWarning => ({ key, text: text(en, es) });
  const last = policy.rules.findIndex(({ when }) => when === undefined || Object.keys(when).length === 0);
  if (last >= 0 && last < policy.rules.length - 1) {
    yield warning(
      'policy.rules',
      `rule ${last + 1} fits every transaction: the rules after it never apply`,
      `la regla ${last + 1} vale para toda transacción: las que la siguen nunca se aplican`,
    );
  }
  if (policy.unboundProofsAllowed) {
    yield warning(
      'policy.unbound_proofs_allowed',
      'rules may approve by a session or a plain code, which fit any payee and amount: require mac or bound_code and remove it',
      'las reglas pueden aprobar con una sesión o un código simple, que valen para cualquier beneficiario e importe: exija mac o bound_code y quítelo',
    );
  }
  if (policy.velocity === null && policy.rules.some(({ require }) => !require.includes('bound_code'))) {
    yield warning(
      'policy.velocity',
      'nothing limits what a user moves without a bound code: set policy.velocity',
      'nada limita lo que un usuario mueve sin un código ligado: ponga policy.velocity',
    );
  }
  const limited = [policy.velocity?.currency ?? currencyDefault].flat();
  for (const [index, { when, require }] of policy.rules.entries()) {
    const foreign = [when?.currency ?? []].flat().filter((currency) => !limited.includes(currency));
    if (policy.velocity?.amountMax === undefined || require.includes('bound_code') || foreign.length === 0)
      continue;
    yield warning(
      'policy.velocity',
      `it limits ${limited.join(', ')} alone, so rule ${index + 1} needs the last rule's proofs too in ${foreign.join(', ')}: name them in policy.velocity.currency`,
      `solo limita ${limited.join(', ')}, así que la regla ${index + 1} exige también las pruebas de la última en ${foreign.join(', ')}: nómbrelas en policy.velocity.currency`,
    );
  }
}

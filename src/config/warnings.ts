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
    'la contraseña de las claves está junto a ellas en la carpeta de datos: guárdala en otro sitio con vault_passphrase_file',
  ),
};

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
      'cualquiera que se conecte puede registrarse: pon registration_open: false y crea usuarios con `sello user create`',
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
        : 'TCP sin TLS, solo en la dirección local: da tls_cert_file y tls_key_file para escuchar en otra',
    );
  }
  if (config.tlsCertFile === null && !isLoopback(config.httpHost)) {
    warn(
      'http_plaintext_allowed',
      'HTTP without TLS on an address that is not loopback: everyone on the way reads passwords and tokens',
      'HTTP sin TLS en una dirección que no es local: cualquiera en el camino lee contraseñas y tokens',
    );
  }
  if (config.labAllowed) {
    warn(
      'lab_allowed',
      'the attacks of `sello lab` may be run against this server: set lab_allowed: false',
      'los ataques de `sello lab` se pueden lanzar contra este servidor: pon lab_allowed: false',
    );
  }
  const last = config.policy.rules.findIndex(
    ({ when }) => when === undefined || Object.keys(when).length === 0,
  );
  if (last >= 0 && last < config.policy.rules.length - 1) {
    warn(
      'policy.rules',
      `rule ${last + 1} fits every transaction: the rules after it never apply`,
      `la regla ${last + 1} vale para toda transacción: las que la siguen nunca se aplican`,
    );
  }
  return warnings;
}

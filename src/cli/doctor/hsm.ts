import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/**
 * Asks the HSM, without its PIN, what it is and which mechanisms it lacks. Finds nothing when the keys are elsewhere.
 */
export async function checkHsm(config: Config): Promise<readonly Finding[]> {
  if (!config.vaultUrl.startsWith('pkcs11:')) return [];
  const { probeHsm } = await import('../../compose.ts');
  try {
    const { name, lacks } = await probeHsm(config.vaultUrl);
    if (lacks.length === 0) {
      return [ok('hsm', text(`${name}: has every mechanism`, `${name}: tiene todos los mecanismos`))];
    }
    return lacks.map(({ name: mechanism, without, required }) => {
      const found = text(
        `${name}: no ${mechanism}: ${without.en}`,
        `${name}: sin ${mechanism}: ${without.es}`,
      );
      return required ? fail('hsm', found, OTHER_HSM) : warn('hsm', found, OTHER_CUSTODY);
    });
  } catch (error) {
    const { message } = error as Error;
    return [
      fail(
        'hsm',
        text(message, message),
        text(
          'Mend what the message names, then run this again',
          'Arregle lo que dice el mensaje y ejecute esto de nuevo',
        ),
      ),
    ];
  }
}

const OTHER_HSM = text(
  'Turn it on in the HSM (a FIPS mode or a policy may have it off), or take another HSM or a sealed file',
  'Actívelo en el HSM (un modo FIPS o una política puede desactivarlo), o use otro HSM o un fichero sellado',
);
const OTHER_CUSTODY = text(
  'Set vault_custody: cached, or enrol tokens of SHA-256 only',
  'Ponga vault_custody: cached, o dé de alta solo tokens de SHA-256',
);

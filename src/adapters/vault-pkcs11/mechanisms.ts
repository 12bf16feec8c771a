import { CKF, CKM } from './constants.ts';
import { type Handle, type Library, returnValueOf } from './cryptoki.ts';

/** A mechanism that this adapter uses, the flags it needs (CK_MECHANISM_INFO), and what is missing without it. */
export interface MechanismNeed {
  readonly name: string;
  readonly mechanism: number;
  readonly flags: number;
  /** Whether the vault cannot open without it. Otherwise its absence has the effect that `without` names. */
  readonly required: boolean;
  readonly without: { readonly en: string; readonly es: string };
}

const WITHOUT_EDDSA = {
  en: 'checkpoints of the log are signed in this process, by a key that is derived from one in the HSM',
  es: 'los puntos de control del registro se firman en este proceso, con una clave derivada de una del HSM',
};
const KEYS = { en: 'keys cannot be made in it', es: 'no se pueden crear claves en él' };

export const MECHANISM_NEEDS: readonly MechanismNeed[] = [
  { name: 'CKM_AES_KEY_GEN', mechanism: CKM.aesKeyGen, flags: CKF.generate, required: true, without: KEYS },
  {
    name: 'CKM_GENERIC_SECRET_KEY_GEN',
    mechanism: CKM.genericSecretKeyGen,
    flags: CKF.generate,
    required: true,
    without: KEYS,
  },
  {
    name: 'CKM_EC_KEY_PAIR_GEN',
    mechanism: CKM.ecKeyPairGen,
    flags: CKF.generateKeyPair,
    required: true,
    without: KEYS,
  },
  {
    name: 'CKM_AES_KEY_WRAP_PAD',
    mechanism: CKM.aesKeyWrapPad,
    flags: CKF.wrap | CKF.unwrap,
    required: true,
    without: {
      en: 'seeds cannot be wrapped (RFC 5649)',
      es: 'no se pueden envolver las semillas (RFC 5649)',
    },
  },
  {
    name: 'CKM_SHA256_HMAC',
    mechanism: CKM.sha256Hmac,
    flags: CKF.sign,
    required: true,
    without: {
      en: 'no MAC of a transaction can be computed',
      es: 'no se puede calcular el MAC de una transacción',
    },
  },
  {
    name: 'CKM_ECDSA',
    mechanism: CKM.ecdsa,
    flags: CKF.sign,
    required: true,
    without: { en: 'no receipt can be signed', es: 'no se puede firmar ningún justificante' },
  },
  {
    name: 'CKM_SHA_1_HMAC',
    mechanism: CKM.sha1Hmac,
    flags: CKF.sign,
    required: false,
    without: {
      en: 'tokens of SHA-1 (the usual TOTP and HOTP) work with custody "cached" only',
      es: 'los tokens de SHA-1 (TOTP y HOTP habituales) solo funcionan con la custodia "cached"',
    },
  },
  {
    name: 'CKM_SHA512_HMAC',
    mechanism: CKM.sha512Hmac,
    flags: CKF.sign,
    required: false,
    without: {
      en: 'tokens of SHA-512 work with custody "cached" only',
      es: 'los tokens de SHA-512 solo funcionan con la custodia "cached"',
    },
  },
  {
    name: 'CKM_ECDH1_DERIVE',
    mechanism: CKM.ecdh1Derive,
    flags: CKF.derive,
    required: false,
    without: {
      en: "users' keys for messages cannot be in the vault, only on their devices",
      es: 'las claves de mensajes de los usuarios no pueden estar en la bóveda, solo en sus dispositivos',
    },
  },
  {
    name: 'CKM_EC_EDWARDS_KEY_PAIR_GEN',
    mechanism: CKM.ecEdwardsKeyPairGen,
    flags: CKF.generateKeyPair,
    required: false,
    without: WITHOUT_EDDSA,
  },
  {
    name: 'CKM_EDDSA',
    mechanism: CKM.eddsa,
    flags: CKF.sign,
    required: false,
    without: WITHOUT_EDDSA,
  },
];

/** What C_GetTokenInfo and C_GetMechanismInfo report about an HSM, without the PIN. */
export interface HsmProbe {
  readonly manufacturer: string;
  readonly model: string;
  readonly slotLabel: string;
  /** Indexes into `MECHANISM_NEEDS` of missing mechanisms. */
  readonly missing: readonly number[];
}

/** Returns the indexes into `MECHANISM_NEEDS` of the mechanisms that the slot lacks. One that is switched off may still be described, but is not listed. */
export function missingMechanisms(library: Library, slot: Handle): number[] {
  const listed = new Set(library.C_GetMechanismList(slot));
  return MECHANISM_NEEDS.flatMap(({ mechanism, flags }, index) =>
    listed.has(mechanism) && canDo(library, slot, mechanism, flags) ? [] : [index],
  );
}

function canDo(library: Library, slot: Handle, mechanism: number, flags: number): boolean {
  try {
    return (library.C_GetMechanismInfo(slot, mechanism).flags & flags) === flags;
  } catch (error) {
    if (returnValueOf(error) === undefined) throw error;
    return false;
  }
}

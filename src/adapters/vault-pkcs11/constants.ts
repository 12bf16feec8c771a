/** The constants of PKCS#11 v2.40, and of 3.0 for Edwards curves (pkcs11t.h of the OASIS standard), that this adapter uses, named as there. */
export const CKF = {
  rwSession: 0x2,
  serialSession: 0x4,
  osLockingOk: 0x2,
  sign: 0x800,
  generate: 0x8000,
  generateKeyPair: 0x10000,
  wrap: 0x20000,
  unwrap: 0x40000,
  derive: 0x80000,
  /** Flags of CK_TOKEN_INFO: one more wrong PIN locks the user PIN; it is locked. */
  userPinFinalTry: 0x20000,
  userPinLocked: 0x40000,
} as const;

export const CKU_USER = 1;

export const CKO = { publicKey: 2, privateKey: 3, secretKey: 4 } as const;

export const CKK = { ec: 0x3, genericSecret: 0x10, aes: 0x1f, ecEdwards: 0x40 } as const;

export const CKA = {
  class: 0x0,
  token: 0x1,
  private: 0x2,
  label: 0x3,
  value: 0x11,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  encrypt: 0x104,
  decrypt: 0x105,
  wrap: 0x106,
  unwrap: 0x107,
  sign: 0x108,
  verify: 0x10a,
  derive: 0x10c,
  valueLen: 0x161,
  extractable: 0x162,
  ecParams: 0x180,
  ecPoint: 0x181,
  allowedMechanisms: 0x40000600,
} as const;

export const CKM = {
  sha1Hmac: 0x221,
  sha256Hmac: 0x251,
  sha512Hmac: 0x271,
  genericSecretKeyGen: 0x350,
  ecKeyPairGen: 0x1040,
  ecdsa: 0x1041,
  ecdh1Derive: 0x1050,
  ecEdwardsKeyPairGen: 0x1055,
  eddsa: 0x1057,
  aesKeyGen: 0x1080,
  aesKeyWrapPad: 0x210a,
} as const;

/** No key derivation after the agreement (CK_EC_KDF_TYPE). */
export const CKD_NULL = 1;
/** What pkcs11js calls the parameters CK_ECDH1_DERIVE_PARAMS. */
export const ECDH1_PARAMETERS = 6;

export const CKR = {
  ok: 0x0,
  hostMemory: 0x2,
  generalError: 0x5,
  deviceMemory: 0x31,
  pinIncorrect: 0xa0,
  pinInvalid: 0xa1,
  pinLenRange: 0xa2,
  pinExpired: 0xa3,
  pinLocked: 0xa4,
  userAlreadyLoggedIn: 0x100,
  wrappedKeyInvalid: 0x110,
  wrappedKeyLenRange: 0x112,
  cryptokiAlreadyInitialized: 0x191,
} as const;

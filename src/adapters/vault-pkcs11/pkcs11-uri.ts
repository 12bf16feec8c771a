import { isAbsolute } from 'node:path';
import { StartRefused } from '../../domain/errors.ts';

/** The HSM, slot and key prefix that a `pkcs11:` URI (RFC 7512) names. */
export interface HsmAddress {
  /** The absolute path of the HSM's PKCS#11 library. */
  readonly modulePath: string;
  /** The label (CK_TOKEN_INFO) that identifies the slot: slot numbers change, labels do not. */
  readonly slotLabel: string;
  /** The serial number (CK_TOKEN_INFO), where two slots have one label. */
  readonly serial: string | undefined;
  /** The prefix of CKA_LABEL of this installation's keys. */
  readonly keyPrefix: string;
  /** `x-unwrap-length=true`: C_UnwrapKey's template includes CKA_VALUE_LEN, which some Luna firmware requires. */
  readonly unwrapWithLength: boolean;
}

const PATH_ATTRIBUTES = ['token', 'serial', 'object'];
const QUERY_ATTRIBUTES = ['module-path', 'x-unwrap-length'];
const EXAMPLE = 'pkcs11:token=sello?module-path=/usr/lib/softhsm/libsofthsm2.so';

/** Parses `vault_url`. Does NOT check that the HSM exists. @throws StartRefused naming the mistake, never a value */
export function parsePkcs11Uri(uri: string): HsmAddress {
  const [path = '', query = '', ...more] = uri.replace(/^pkcs11:/, '').split('?');
  if (/pin-(value|source)/i.test(uri)) {
    refuse('a PIN is not taken from a URL, which is shown and logged: give vault_pin_file');
  }
  if (!uri.startsWith('pkcs11:') || more.length > 0) refuse('it is no pkcs11: URI');
  const attributes = new Map([
    ...attributesOf(path, ';', PATH_ATTRIBUTES),
    ...attributesOf(query, '&', QUERY_ATTRIBUTES),
  ]);
  const modulePath = attributes.get('module-path') ?? refuse('module-path= is missing');
  const slotLabel = attributes.get('token') ?? refuse('token= (the label of the slot) is missing');
  if (!isAbsolute(modulePath)) refuse('module-path= is not an absolute path');
  const keyPrefix = attributes.get('object') ?? 'sello';
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(keyPrefix)) {
    refuse('object= (what the labels of the keys start with) is not 1 to 32 letters, digits, - or _');
  }
  const unwrapLength = attributes.get('x-unwrap-length') ?? 'false';
  if (unwrapLength !== 'true' && unwrapLength !== 'false')
    refuse('x-unwrap-length= is neither true nor false');
  return {
    modulePath,
    slotLabel,
    serial: attributes.get('serial'),
    keyPrefix,
    unwrapWithLength: unwrapLength === 'true',
  };
}

function attributesOf(text: string, separator: string, known: readonly string[]): [string, string][] {
  const seen = new Set<string>();
  return text
    .split(separator)
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...rest] = part.split('=');
      if (!known.includes(name)) refuse(`"${name}" is not known: expected ${known.join('=, ')}=`);
      if (seen.has(name)) refuse(`${name}= is given twice`);
      seen.add(name);
      const value = decoded(rest.join('='), name);
      if (value === '') refuse(`${name}= is empty`);
      return [name, value];
    });
}

function decoded(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(`${name}= is not percent-encoded rightly`);
  }
}

function refuse(problem: string): never {
  throw new StartRefused(`vault_url: ${problem}. An example: ${EXAMPLE}`);
}

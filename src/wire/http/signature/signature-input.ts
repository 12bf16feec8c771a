/**
 * One signature of a request, as RFC 9421 section 4 writes it. Only the form that is verified here is read: one label,
 * components without parameters, and the parameters `created`, `nonce`, `alg`, `keyid` as RFC 8941 writes them.
 */
export interface SignatureInput {
  readonly components: readonly string[];
  /** Seconds since 1970. */
  readonly created: number;
  readonly nonce: string;
  readonly keyId: string;
  /** The value as sent: the last line of what is signed. */
  readonly parameters: string;
  readonly signature: Uint8Array;
}

const INPUT =
  /^([a-z][a-z0-9_-]{0,31})=(\(((?:"[a-z@][a-z0-9-]*"(?: (?="))?)*)\)((?:;[a-z]+=(?:"[!#-[\]-~]*"|\d{1,15}))*))$/;
const SIGNATURE = /^([a-z][a-z0-9_-]{0,31})=:([A-Za-z0-9+/]{86}==):$/;
const PARAMETER = /;([a-z]+)=(?:"([^"]*)"|(\d+))/g;
const NONCE_LENGTH_MIN = 16;
const NONCE_LENGTH_MAX = 64;

/** @returns undefined for anything else */
export function readSignatureInput(input: unknown, value: unknown): SignatureInput | undefined {
  if (typeof input !== 'string' || typeof value !== 'string') return undefined;
  const read = INPUT.exec(input);
  const given = SIGNATURE.exec(value);
  if (!read || !given || read[1] !== given[1]) return undefined;
  const [, , parameters = '', listed = '', rest = ''] = read;
  const components = listed === '' ? [] : listed.split(' ').map((name) => name.slice(1, -1));
  if (new Set(components).size !== components.length) return undefined;
  const named = new Map<string, string>();
  for (const [, name = '', text, number] of rest.matchAll(PARAMETER)) {
    if (named.has(name)) return undefined;
    named.set(name, text ?? number ?? '');
  }
  const created = Number(named.get('created'));
  const nonce = named.get('nonce') ?? '';
  const keyId = named.get('keyid');
  const known = [...named.keys()].every((name) => ['created', 'nonce', 'keyid', 'alg'].includes(name));
  if (!known || keyId === undefined || !Number.isSafeInteger(created)) return undefined;
  if ((named.get('alg') ?? ALGORITHM) !== ALGORITHM) return undefined;
  if (nonce.length < NONCE_LENGTH_MIN || nonce.length > NONCE_LENGTH_MAX) return undefined;
  const signature = new Uint8Array(Buffer.from(given[2] ?? '', 'base64'));
  return { components, created, nonce, keyId, parameters, signature };
}

/** ECDSA with P-256 and SHA-256 (RFC 9421 section 3.3.4). */
export const ALGORITHM = 'ecdsa-p256-sha256';

/**
 * The signature base (RFC 9421 section 2.5).
 * @param fieldFor a component's value; undefined: there is none
 * @returns undefined where a component has no value
 */
export function signatureBase(
  components: readonly string[],
  parameters: string,
  fieldFor: (component: string) => string | undefined,
): string | undefined {
  const lines: string[] = [];
  for (const component of components) {
    const value = fieldFor(component);
    if (value === undefined) return undefined;
    lines.push(`"${component}": ${value}`);
  }
  return `${lines.join('\n')}\n"@signature-params": ${parameters}`;
}

import { decodeBase32, encodeBase32 } from '../encoding/base32.ts';
import { type Refusal, refuse } from '../errors.ts';
import type { HmacAlgorithm } from './hmac.ts';

/** The parameters of an otpauth URI (the Key URI format), which a QR code carries to an authenticator. */
export interface OtpauthParameters {
  readonly type: 'totp' | 'hotp';
  readonly secret: Uint8Array;
  /** The account's name, as the authenticator lists it. */
  readonly label: string;
  readonly issuer: string;
  readonly algorithm: HmacAlgorithm;
  readonly digits: number;
  /** For `totp`. */
  readonly periodS: number;
  /** For `hotp`: the first counter. */
  readonly counter: number;
}

/**
 * Writes an otpauth URI. Writes defaults too, because authenticators disagree on them.
 * @throws URIError when the label or the issuer is not well-formed Unicode
 */
export function otpauthUri(parameters: OtpauthParameters): string {
  const { type, secret, label, issuer, algorithm, digits, periodS, counter } = parameters;
  const name = encodeURIComponent(label);
  const prefix = encodeURIComponent(issuer);
  const moving = type === 'totp' ? `period=${periodS}` : `counter=${counter}`;
  return `otpauth://${type}/${prefix}:${name}?secret=${encodeBase32(secret)}&issuer=${prefix}&algorithm=${algorithm.toUpperCase()}&digits=${digits}&${moving}`;
}

const DEFAULTS = { algorithm: 'SHA1', digits: '6', period: '30', counter: '0' };

/** Parses an otpauth URI of any issuer, with the format's defaults. @returns `token_parameters_invalid` with the offending part in `detail` */
export function parseOtpauthUri(text: string): OtpauthParameters | Refusal {
  if (!URL.canParse(text)) return invalid('uri');
  const { protocol, host, pathname, searchParams } = new URL(text);
  const type = host.toLowerCase();
  if (protocol !== 'otpauth:') return invalid('uri');
  if (type !== 'totp' && type !== 'hotp') return invalid('type');

  const name = decode(pathname.slice(1));
  if (name === undefined) return invalid('label');
  const colon = name.indexOf(':');
  const secret = decodeBase32(searchParams.get('secret') ?? '', 'ignored');
  if (!secret || secret.length === 0) return invalid('secret');
  const algorithm = (searchParams.get('algorithm') ?? DEFAULTS.algorithm).toLowerCase();
  if (algorithm !== 'sha1' && algorithm !== 'sha256' && algorithm !== 'sha512') return invalid('algorithm');
  const digits = integer(searchParams.get('digits') ?? DEFAULTS.digits, 1, 10);
  if (digits === undefined) return invalid('digits');
  const periodS = integer(searchParams.get('period') ?? DEFAULTS.period, 1, 86_400);
  if (periodS === undefined) return invalid('period');
  const counter = integer(searchParams.get('counter') ?? DEFAULTS.counter, 0, Number.MAX_SAFE_INTEGER);
  if (counter === undefined) return invalid('counter');

  return {
    type,
    secret,
    label: name.slice(colon + 1).trimStart(),
    issuer: searchParams.get('issuer') ?? name.slice(0, Math.max(colon, 0)),
    algorithm,
    digits,
    periodS,
    counter,
  };
}

function invalid(detail: string): Refusal {
  return refuse('token_parameters_invalid', { detail });
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function integer(text: string, min: number, max: number): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

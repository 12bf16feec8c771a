import { VaultUnavailable } from '../../domain/errors.ts';

/** Thrown when a connection could not be made. */
export class NotConnected extends VaultUnavailable {
  /** Whether it may succeed later: the vault or the network is down, and no mistake in the configuration is visible. */
  readonly mayPass: boolean;

  constructor(reason: string, mayPass: boolean) {
    super(reason);
    this.mayPass = mayPass;
  }
}

export function notConnected(error: unknown): NotConnected {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new NotConnected(reasonOf(error), PASSING.has(code));
}

/** Codes of failures that may pass. Not ENOTFOUND: then the name service says for certain that the name is unknown. */
const PASSING: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'ETIMEDOUT',
  'EAI_AGAIN',
]);

/** Why there is no connection, in words that tell an operator what to look at. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return (
    REASONS[code] ?? `${error.message}${code === '' || error.message.includes(code) ? '' : ` (${code})`}`
  );
}

const UNTRUSTED = 'its certificate is not of the authorities in vault_ca_file';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ENOTFOUND: 'there is no host of that name',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that host',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'what answers there is not a vault of this version',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what answers there does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'what answers there does not speak TLS',
};

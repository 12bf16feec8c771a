import { StoreUnavailable } from '../../domain/errors.ts';

/** The SQLSTATE of an error that PostgreSQL sent (its documentation, appendix A), else the operating system's code. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Whether the server sent the error, so that the connection still works. Otherwise the connection failed. */
export function isFromServer(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && SQLSTATE.test(codeOf(error));
}

/** Whether the connected server does not take writes, is shutting down, or is gone. */
export function isConnectionLost(error: unknown): boolean {
  if (!isFromServer(error)) return true;
  const code = codeOf(error);
  // 25006: it is a standby now; 57P01 to 57P05: it shuts down, crashed or starts; 53300: it takes no more connections.
  return code === '25006' || code.startsWith('57P') || code.startsWith('08') || code === '53300';
}

/** Whether the unit of work lost against a concurrent one. A retry may succeed at once. */
export function isContention(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40001' || code === '40P01';
}

const REASONS: Readonly<Record<string, string>> = {
  '25P02': 'a unit of work failed',
  '28000': 'it does not let this user in: check pg_hba.conf and the user in store_url',
  '28P01': 'it does not accept the password: check the user and the password in store_url',
  '3D000': 'it has no such database: make it, or name another in store_url',
  '3F000': 'its tables are not there: run sello migrate',
  '40001': 'others changed the same rows without a pause',
  '40P01': 'others changed the same rows without a pause',
  '42501': 'the user in store_url lacks a right: run sello migrate as the owner of the tables',
  '42703': 'its tables are of another version: run sello migrate',
  '42P01': 'its tables are not there: run sello migrate',
  '53100': 'its disk is full',
  '53200': 'its memory ran out',
  '53300': 'it takes no more connections: raise its max_connections, or lower store_connections_max',
  '55P03': 'rows stayed locked too long',
  '57014': 'it took too long',
  '57P01': 'it is shutting down',
  '57P02': 'it is restarting after a crash',
  '57P03': 'it is starting',
  '25006': 'it is a standby, which takes no writes',
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'no way leads to that host',
  ENETUNREACH: 'no way leads to that host',
  ENOENT: 'there is no such socket',
  EACCES: 'the socket may not be opened',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'no answer came',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of no authority that is trusted: give sslrootcert',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is of no authority that is trusted: give sslrootcert',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of no authority that is trusted: give sslrootcert',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of no authority that is trusted: give sslrootcert',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is of another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** The reason in plain words. It never quotes the server's message, which may contain parts of a statement. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const reason = REASONS[code];
  if (reason !== undefined) return reason;
  if (isFromServer(error)) return `it refused with SQLSTATE ${code}`;
  const message = error instanceof Error ? error.message : '';
  if (/timeout/i.test(message)) return 'no answer came';
  if (/does not support SSL/i.test(message))
    return 'it does not speak TLS: give sslmode=disable if nobody is on the way';
  if (/password must be a string|SASL/i.test(message))
    return 'it asks for a password, and store_url has none';
  return 'the connection was cut';
}

/** SQLSTATEs that mean that the database cannot do it now. All others are bugs in this program. */
const OPERATING = /^(?:25006|25P0[23]|28|3D|3F|40|42501|42703|42P01|53|54|55|57|58|08|F0|XX)/;

/** Translates an operating failure to StoreUnavailable with a reason in plain words. Any other error is a bug and is returned as it is. */
export function storeError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error;
  if (isFromServer(error) ? OPERATING.test(codeOf(error)) : isOfTheConnection(error)) {
    return new StoreUnavailable(`the database cannot answer: ${reasonOf(error)}`, { cause: error });
  }
  return error;
}

/** Whether the driver or the operating system raised the error, not a bug in this program. */
function isOfTheConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return false;
  return codeOf(error) !== '' || /connection|timeout|queryable|terminated|socket/i.test(error.message);
}

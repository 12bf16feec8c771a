import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { VAULT_PROTOCOL } from '../../vault-protocol/frames.ts';

/** A server that is identified by its certificate. */
export interface VaultCaller {
  readonly name: string;
  readonly managesKeys: boolean;
  /** The end of its certificate, in ms since 1970. */
  readonly until: number;
}

/** The names that certificates of callers must have. No other caller is served. */
export interface VaultCallers {
  readonly callers: readonly string[];
  /** Callers who may also make, activate and destroy keys. */
  readonly keyManagers: readonly string[];
}

const SUBJECT_LENGTH_MAX = 128;

/**
 * Identifies the caller after the handshake: its certificate must be from the trusted authorities, valid now, and for
 * an allowed name.
 * @returns the caller, or the reason for the log and for the caller
 *
 * Why: docs/DECISIONS.md#vault-clients-are-refused-after-the-handshake
 */
export function identify(
  socket: TLSSocket,
  { callers, keyManagers }: VaultCallers,
  now: number,
): VaultCaller | { readonly refused: string } {
  if (socket.alpnProtocol !== VAULT_PROTOCOL) return { refused: `it does not speak ${VAULT_PROTOCOL}` };
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return { refused: 'it showed no client certificate' };
  if (!socket.authorized) return { refused: whyUnauthorised(socket, certificate) };
  // A resumed session was verified earlier, perhaps against other authorities.
  if (socket.isSessionReused()) return { refused: 'it resumed a TLS session' };
  const until = certificate.validToDate.getTime();
  if (until <= now) return { refused: `its certificate ended on ${new Date(until).toISOString()}` };
  const isFor = (name: string) =>
    certificate.checkHost(name, { wildcards: false, subject: 'default' }) !== undefined;
  const manager = keyManagers.find(isFor);
  const name = manager ?? callers.find(isFor);
  if (name === undefined) {
    return { refused: `its certificate is for no name of vault_callers: ${namesOf(certificate)}` };
  }
  return { name, managesKeys: manager !== undefined, until };
}

function whyUnauthorised(socket: TLSSocket, certificate: X509Certificate): string {
  // Node's types declare an Error here; Node itself sets a code.
  const code = String(socket.authorizationError ?? 'unknown');
  if (code.includes('CERT_HAS_EXPIRED')) return `its certificate ended on ${certificate.validTo}`;
  if (code.includes('CERT_NOT_YET_VALID')) return `its certificate begins on ${certificate.validFrom}`;
  if (code.includes('INVALID_PURPOSE')) return 'its certificate is not for clients';
  return `its certificate is not of the authorities in vault_tls_ca_file (${code.slice(0, 64)})`;
}

function namesOf(certificate: X509Certificate): string {
  const names = certificate.subjectAltName ?? certificate.subject;
  return names.slice(0, SUBJECT_LENGTH_MAX).replaceAll(/\s+/g, ' ');
}

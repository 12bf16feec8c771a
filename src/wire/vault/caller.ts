import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { VAULT_PROTOCOL } from '../../vault-protocol/frames.ts';

/** A server that has proved by its certificate who it is. */
export interface VaultCaller {
  readonly name: string;
  readonly managesKeys: boolean;
  /** ms since 1970: the end of its certificate */
  readonly until: number;
}

/** Whom the vault's process serves: names of certificates. Nobody else. */
export interface VaultCallers {
  readonly callers: readonly string[];
  /** Who may make, activate and destroy keys as well. */
  readonly keyManagers: readonly string[];
}

const SUBJECT_LENGTH_MAX = 128;

/**
 * Who calls, after the handshake: the certificate must be of the given authorities, valid now, and for a name that is
 * allowed. @returns why not, for the log and for the caller
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
  // A resumed session was verified at another time, perhaps by other authorities.
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
  // Node's types have an Error here, Node itself a code.
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

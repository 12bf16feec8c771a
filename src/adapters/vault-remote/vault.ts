import { StartRefused, VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { MutualTlsCredentials } from '../../net/tls.ts';
import { ByteReader, MalformedMessage } from '../../vault-protocol/bytes.ts';
import { VAULT_ANSWERS, VAULT_CALLS } from '../../vault-protocol/calls.ts';
import { RemoteConnection } from './connection.ts';
import { RemoteConnections } from './connections.ts';
import type { RemoteVaultLimits, RemoteVaultLogger } from './options.ts';
import { NotConnected } from './reason.ts';
import { RemoteVault } from './remote-vault.ts';

export interface RemoteVaultOptions {
  /** `https://HOST:PORT` */
  readonly url: string;
  /** Reads the credentials from where they are kept. Called again by `reload`. */
  readonly credentials: () => Promise<MutualTlsCredentials>;
  readonly log: RemoteVaultLogger;
  readonly limits?: Partial<RemoteVaultLimits>;
}

export interface OpenedRemoteVault {
  readonly vault: RemoteVault;
  /** Reads the credentials again and reconnects. @returns whether connections with the new ones are in use */
  reload(): Promise<boolean>;
}

const PORT = 11_003;

/**
 * Connects to the vault's process.
 * @throws VaultUnavailable when it does not answer now
 * @throws StartRefused when it refuses this server, or is not the vault that the certificates name
 */
export async function openRemoteVault(options: RemoteVaultOptions): Promise<OpenedRemoteVault> {
  const { hostname, port, host: name } = new URL(options.url);
  const limits: RemoteVaultLimits = { ...LIMITS, ...options.limits };
  const host = hostname.replace(/^\[|\]$/g, '');
  let credentials = await options.credentials();
  let identity: string | undefined;
  const open = async () => {
    const connection = await RemoteConnection.open({ host, port: Number(port || PORT), credentials, limits });
    const own = (await firstKeyId(connection)) ?? connection.welcome.identity;
    identity ??= own;
    if (own === identity) return connection;
    const reason = 'it is another vault than when this server started';
    connection.destroy(reason);
    throw new VaultUnavailable(reason);
  };
  let connections: RemoteConnections;
  try {
    connections = await RemoteConnections.start(open, limits, options.log);
  } catch (error) {
    if (!(error instanceof NotConnected)) throw error;
    const reason = `vault_url: the vault process ${name} cannot be used: ${error.message}`;
    throw error.mayPass ? new VaultUnavailable(reason) : new StartRefused(reason);
  }
  const vault = new RemoteVault(name, connections, limits);
  return {
    vault,
    async reload() {
      const before = credentials;
      try {
        credentials = await options.credentials();
        await vault.renewConnections();
        options.log.info({}, 'certificate for the vault process reloaded');
        return true;
      } catch (error) {
        credentials = before;
        const reason = (error as Error).message;
        options.log.error({ reason }, 'certificate for the vault process not reloaded: the one in use stays');
        return false;
      }
    },
  };
}

/**
 * Identifies the vault: its first verification key, which no rotation removes.
 * @returns undefined when it does not tell its keys
 * @throws VaultUnavailable
 */
async function firstKeyId(connection: RemoteConnection): Promise<string | undefined> {
  try {
    const { kind, body } = await connection.call(VAULT_CALLS.publicKeys.kind, new Uint8Array(0));
    const keys = kind === VAULT_ANSWERS.done ? VAULT_CALLS.publicKeys.readAnswer(new ByteReader(body)) : [];
    return keys.at(-1)?.jwk.kid;
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}

import { toBase64Url } from '../../api/base64url.ts';
import type { PasskeyLock } from './keyring.ts';

/** The user closed the browser's dialog, or it timed out. */
export class PasskeyCancelled extends Error {
  override name = 'PasskeyCancelled';
}

/** The authenticator supports no PRF, so it can guard no key. */
export class PasskeyUnfit extends Error {
  override name = 'PasskeyUnfit';
}

export interface NewPasskey {
  readonly credentialId: Uint8Array<ArrayBuffer>;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly output: Uint8Array<ArrayBuffer>;
}

const TIME_MS = 120_000;

export function passkeysPossible(): boolean {
  return 'PublicKeyCredential' in globalThis && isSecureContext;
}

/**
 * Creates a passkey whose PRF (WebAuthn level 3, section 10.1.4) yields a key. It is registered with no server and
 * logs nobody in.
 */
export async function makePasskey(username: string): Promise<NewPasskey> {
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const created = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        rp: { name: 'Sello' },
        user: {
          id: crypto.getRandomValues(new Uint8Array(16)),
          name: username,
          displayName: `Sello · ${username}`,
        },
        pubKeyCredParams: [
          { type: 'public-key', alg: -7 },
          { type: 'public-key', alg: -257 },
        ],
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        timeout: TIME_MS,
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  );
  const credentialId = new Uint8Array(created.rawId);
  const { prf } = created.getClientExtensionResults();
  if (!prf?.enabled) throw new PasskeyUnfit('no PRF');
  // Some authenticators compute the PRF at creation, others only at a later request.
  const first = prf.results?.first;
  if (first) return { credentialId, salt, output: bytesOf(first) };
  return { salt, ...(await askPasskey([{ credentialId, salt }])) };
}

/** Asks for any of these passkeys. @returns the id of the one used, and its PRF output for its salt */
export async function askPasskey(
  passkeys: readonly Pick<PasskeyLock, 'credentialId' | 'salt'>[],
): Promise<{ readonly credentialId: Uint8Array<ArrayBuffer>; readonly output: Uint8Array<ArrayBuffer> }> {
  const evalByCredential = Object.fromEntries(
    passkeys.map(({ credentialId, salt }) => [toBase64Url(credentialId), { first: salt }]),
  );
  const found = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        allowCredentials: passkeys.map(({ credentialId }) => ({ type: 'public-key', id: credentialId })),
        userVerification: 'required',
        timeout: TIME_MS,
        extensions: { prf: { evalByCredential } },
      },
    }),
  );
  const first = found.getClientExtensionResults().prf?.results?.first;
  if (!first) throw new PasskeyUnfit('no PRF');
  return { credentialId: new Uint8Array(found.rawId), output: bytesOf(first) };
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (error) {
    const cancelled = error instanceof DOMException && ['NotAllowedError', 'AbortError'].includes(error.name);
    if (!cancelled) throw error;
  }
  throw new PasskeyCancelled('no passkey was given');
}

function bytesOf(source: BufferSource): Uint8Array<ArrayBuffer> {
  return source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(
        source.buffer.slice(source.byteOffset, source.byteOffset + source.byteLength) as ArrayBuffer,
      );
}

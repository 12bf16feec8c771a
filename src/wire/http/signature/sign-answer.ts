import type { Context } from '../../../application/context.ts';
import { contentDigest } from './content-digest.ts';
import { ALGORITHM } from './signature-input.ts';

/**
 * Signs an answer to a signed request (RFC 9421 section 2.4) by the server's signing key, which `/.well-known/jwks.json` has:
 * its status, its body by `content-digest`, and the request's own signature, so that it answers no other.
 * @returns the header fields to add @throws VaultUnavailable
 */
export async function signAnswer(
  { vault, clock }: Pick<Context, 'vault' | 'clock'>,
  answer: { readonly status: number; readonly body: string | Uint8Array; readonly requestSignature: string },
): Promise<Readonly<Record<string, string>>> {
  const digest = contentDigest(answer.body);
  for (let attempt = 0; attempt < 3; attempt++) {
    const [active] = await vault.publicKeys();
    const keyId = active?.jwk.kid;
    if (keyId === undefined) throw new Error('the vault has no signing key');
    const created = Math.floor(clock.now() / 1000);
    const parameters = `("@status" "content-digest" "signature";req);created=${created};keyid="${keyId}";alg="${ALGORITHM}"`;
    const base = [
      `"@status": ${answer.status}`,
      `"content-digest": ${digest}`,
      `"signature";req: ${answer.requestSignature}`,
      `"@signature-params": ${parameters}`,
    ].join('\n');
    const [signed] = await vault.sign([Buffer.from(base)]);
    if (signed?.keyId !== keyId) continue;
    return {
      'content-digest': digest,
      'signature-input': `sig=${parameters}`,
      signature: `sig=:${Buffer.from(signed.signature).toString('base64')}:`,
    };
  }
  throw new Error('the signing key changed at each attempt');
}

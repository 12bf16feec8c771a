import { jsonString } from '../encoding/canonical-json.ts';

/*
 * What a user signs and opens by keys that the vault holds for them, and what their code covers. Texts only, without their
 * hashes, so that browsers compute them too.
 */

/** The public part of a P-256 key, as a JWK. */
export interface EphemeralKey {
  readonly crv: 'P-256';
  readonly kty: 'EC';
  readonly x: string;
  readonly y: string;
}

/** `sign`: SHA-256 of what is signed, in lower-case hex. `open`: the ephemeral key of a message that is opened. */
export type VaultUse =
  | { readonly sign: string; readonly open?: undefined }
  | { readonly open: EphemeralKey; readonly sign?: undefined };

/** RFC 8785 JSON of the uses. Its SHA-256 in lower-case hex is the `digest` of the code. */
export function vaultUsesText(uses: readonly VaultUse[]): string {
  return `[${uses.map(useText).join(',')}]`;
}

function useText({ sign, open }: VaultUse): string {
  if (open === undefined) return `{"sign":"${sign}"}`;
  return `{"open":{"crv":"${open.crv}","kty":"${open.kty}","x":"${open.x}","y":"${open.y}"}}`;
}

/**
 * The text whose SHA-256 in lower-case hex is the OCRA question of the code (QH64, RFC 6287 section 6.3): RFC 8785 JSON of
 * `{"act","challenge","digest","user","v":1}`. No other question has the member `digest`, so no code fits two of them.
 * @param digest of `vaultUsesText`
 * @param challenge as issued to the session, lower-case hex
 */
export function vaultUsesQuestionText({
  user,
  challenge,
  digest,
}: {
  readonly user: string;
  readonly challenge: string;
  readonly digest: string;
}): string {
  return `{"act":"apply_vault_keys","challenge":"${challenge}","digest":"${digest}","user":${jsonString(user)},"v":1}`;
}

import { base64url } from 'jose';
import { type VaultUse, vaultUsesQuestionText, vaultUsesText } from '../../domain/identity/vault-uses.ts';
import type { VaultAnswer, VaultKeys } from './own-keys.ts';

/** What the REST API answers to `POST /v1/identities/vault/uses`. */
export interface VaultUsesAnswer {
  readonly results: readonly { readonly signature?: string; readonly key?: string }[];
}

export interface VaultKeysOptions {
  readonly user: string;
  /** Thumbprints of the keys in force. */
  readonly signKey: string;
  readonly sealKey: string;
  /** A challenge of the session. */
  readonly challenge: () => Promise<string>;
  /** The bound code of an `ocra` token over a question, in hex. */
  readonly code: (question: string) => Promise<string>;
  /** `POST /v1/identities/vault/uses` */
  readonly post: (body: {
    readonly uses: readonly VaultUse[];
    readonly challenge: string;
    readonly code: string;
  }) => Promise<VaultUsesAnswer>;
}

/** A user's keys in the vault of a server that is asked over REST. Each use takes a code. */
export function vaultKeys({ user, signKey, sealKey, challenge, code, post }: VaultKeysOptions): VaultKeys {
  return {
    signKey,
    sealKey,
    async apply(uses) {
      const nonce = await challenge();
      const digest = await sha256(vaultUsesText(uses));
      const question = await sha256(vaultUsesQuestionText({ user, challenge: nonce, digest }));
      const { results } = await post({ uses, challenge: nonce, code: await code(question) });
      return results.map(readAnswer);
    },
  };
}

function readAnswer({ signature, key }: VaultUsesAnswer['results'][number]): VaultAnswer {
  if (key !== undefined) return { key: base64url.decode(key) };
  return { signature: base64url.decode(signature ?? '') };
}

async function sha256(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

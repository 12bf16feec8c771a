import { signManifest } from '../../application/backups/manifest-signature.ts';
import { refuse } from '../../domain/errors.ts';
import { operation, parameters } from './operation.ts';

/** Signs the manifest of a backup whose copies were verified. Does NOT check what the manifest says: the operator is trusted with it. */
export const backupSign = operation(
  parameters({
    manifest: { type: 'string', minLength: 1, maxLength: 16_384 },
    key_id: { type: 'string', minLength: 1, maxLength: 64 },
  }),
  async ({ application }, { manifest, key_id: keyId }) => {
    if (formatOf(manifest) !== 'sello-backup') {
      return refuse('message_invalid', { detail: 'this signs the manifests of backups alone' });
    }
    return { signature: await signManifest(application.vault, manifest, keyId) };
  },
);

function formatOf(manifest: string): unknown {
  try {
    return JSON.parse(manifest)?.format;
  } catch {
    return undefined;
  }
}

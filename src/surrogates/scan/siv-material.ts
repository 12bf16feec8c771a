import { aesBlocks, BLOCK_BYTES, type BlockEncryption } from '../../domain/surrogates/aes-blocks.ts';
import { aesSiv, doubled } from '../../domain/surrogates/aes-siv.ts';
import { type DataKey, domainKey } from '../../domain/surrogates/data-key.ts';
import { SIV_ALGORITHM, SIV_FORMS, SIV_KEY_BYTES } from '../../domain/surrogates/siv-surrogates.ts';
import { surrogateHeader } from '../../domain/surrogates/surrogate-text.ts';

/** What the scanner needs of a domain's key: AES for the host, and values for its memory, which hold no key. */
export interface SivMaterial {
  readonly authenticate: BlockEncryption;
  readonly encrypt: BlockEncryption;
  /** Layout: scan/assembly/scanner.ts, `KEY_BYTES`. */
  readonly bytes: Uint8Array;
}

export const MATERIAL_BYTES = 256;

export function sivMaterial(dataKey: DataKey, domain: string): SivMaterial {
  const key = domainKey(dataKey, domain, SIV_ALGORITHM, SIV_KEY_BYTES);
  const siv = aesSiv(key);
  const authenticate = aesBlocks(key.subarray(0, SIV_KEY_BYTES / 2));
  const subkey = doubled(authenticate(new Uint8Array(BLOCK_BYTES)));
  const bytes = new Uint8Array(MATERIAL_BYTES);
  SIV_FORMS.forEach((form, i) => {
    const header = Buffer.from(surrogateHeader(form, dataKey.version), 'ascii');
    const associated = siv.associate([header]);
    bytes.set(associated, i * 32);
    bytes.set(doubled(associated), i * 32 + BLOCK_BYTES);
    bytes.set(header, 192 + i * 2);
  });
  bytes.set(subkey, 160);
  bytes.set(doubled(subkey), 176);
  return { authenticate, encrypt: aesBlocks(key.subarray(SIV_KEY_BYTES / 2)), bytes };
}

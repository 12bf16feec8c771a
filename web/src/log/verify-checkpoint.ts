import { type Checkpoint, parseCheckpoint } from '../../../src/domain/log/checkpoint.ts';
import { parseNote } from '../../../src/domain/log/signed-note.ts';
import { readLogKey } from './hashing.ts';
import { verifyEd25519 } from './verify-ed25519.ts';

export type CheckpointVerdict =
  | {
      readonly valid: true;
      readonly checkpoint: Checkpoint;
      /** Names beside the log's own. Their signatures are NOT verified: a page has no keys of theirs. */
      readonly witnesses: readonly string[];
    }
  | { readonly valid: false; readonly why: 'form' | 'key_form' | 'origin' | 'unsigned' | 'signature' };

/** Verifies that a checkpoint (https://c2sp.org/tlog-checkpoint) is signed by the log's key. */
export async function verifyCheckpoint(note: string, keyText: string): Promise<CheckpointVerdict> {
  const key = readLogKey(keyText);
  if (!key) return { valid: false, why: 'key_form' };
  const parsed = parseNote(note);
  const checkpoint = parsed && parseCheckpoint(parsed.text);
  if (!parsed || !checkpoint) return { valid: false, why: 'form' };
  if (checkpoint.origin !== key.name) return { valid: false, why: 'origin' };
  const isOwn = ({ name, keyId }: { name: string; keyId: number }) =>
    name === key.name && keyId === key.keyId;
  const own = parsed.signatures.find(isOwn);
  if (!own) return { valid: false, why: 'unsigned' };
  const text = new TextEncoder().encode(parsed.text);
  if (!(await verifyEd25519(key.publicKey, text, own.signature))) return { valid: false, why: 'signature' };
  const witnesses = parsed.signatures.filter((each) => !isOwn(each)).map(({ name }) => name);
  return { valid: true, checkpoint, witnesses };
}

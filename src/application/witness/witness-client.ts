import { formatAddCheckpoint } from '../../domain/log/add-checkpoint.ts';
import { parseCheckpoint } from '../../domain/log/checkpoint.ts';
import { parseCosignature } from '../../domain/log/cosignature.ts';
import { type NoteSignature, parseNote, parseSignatureLine } from '../../domain/log/signed-note.ts';
import type { VerifierKey } from '../../domain/log/verifier-key.ts';
import { verifyNote } from '../../domain/log/verify-note.ts';
import type { SendToWitness } from '../../ports/witness.ts';

/** A checkpoint to be cosigned, and how the log proves that it continues an older one. */
export interface Offered {
  readonly size: number;
  /** With the log's own signature. */
  readonly note: string;
  /** The hashes of the consistency proof from an older size. */
  readonly proofFrom: (older: number) => Promise<readonly Uint8Array[]>;
}

/** What came of asking a witness. */
export type WitnessOutcome =
  | { readonly outcome: 'cosigned'; readonly signature: NoteSignature }
  /** It saw a later checkpoint of this log than the one that was offered. */
  | { readonly outcome: 'ahead'; readonly size: number }
  /** It refuses, answers what it must not, or not at all. `reason` is for the operator. */
  | { readonly outcome: 'failed'; readonly reason: string };

/** Asks one witness (https://c2sp.org/tlog-witness) for its signature of checkpoints. Remembers what size it saw last. */
export class WitnessClient {
  readonly #send: SendToWitness;
  readonly #key: VerifierKey | undefined;
  #seen = 0;

  /** @param key of the witness; without one its signature is kept unverified, for whoever knows the key */
  constructor(send: SendToWitness, key: VerifierKey | undefined) {
    this.#send = send;
    this.#key = key;
  }

  async cosign(offered: Offered): Promise<WitnessOutcome> {
    // The first answer may be the size that it saw, which a new process does not know.
    for (let attempt = 0; attempt < 2; attempt++) {
      if (this.#seen > offered.size) return { outcome: 'ahead', size: this.#seen };
      const proof = await offered.proofFrom(this.#seen);
      const answer = await this.#send(
        formatAddCheckpoint({ old: this.#seen, proof, checkpoint: offered.note }),
      );
      if (answer.status === 200) return this.#accept(offered, answer.body);
      if (answer.status !== 409) return failed(`it answered ${answer.status}: ${firstLine(answer.body)}`);
      const size = /^(0|[1-9]\d{0,15})\n?$/.exec(answer.body)?.[1];
      if (size === undefined || !Number.isSafeInteger(Number(size))) {
        return failed('it answered 409 without the size that it saw');
      }
      if (Number(size) === this.#seen)
        return failed('it saw another tree of that size: one of the two logs is a fork');
      this.#seen = Number(size);
    }
    return this.#seen > offered.size
      ? { outcome: 'ahead', size: this.#seen }
      : failed('it changes what it says it saw');
  }

  #accept(offered: Offered, body: string): WitnessOutcome {
    const lines = body.split('\n').filter((line) => line !== '');
    const note = parseNote(offered.note);
    const origin = note && parseCheckpoint(note.text)?.origin;
    if (!note) throw new Error('the checkpoint that was offered is no note');
    const signatures = lines.map(parseSignatureLine);
    const signature = signatures.find((found) =>
      this.#key ? found?.name === this.#key.name && found.keyId === this.#key.keyId : found?.name !== origin,
    );
    if (!signature || !parseCosignature(signature.signature)) {
      return failed('its answer holds no cosignature of its key');
    }
    if (this.#key && verifyNote({ text: note.text, signatures: [signature] }, this.#key) !== 'valid') {
      return failed('its cosignature is wrong');
    }
    this.#seen = offered.size;
    return { outcome: 'cosigned', signature };
  }
}

function failed(reason: string): WitnessOutcome {
  return { outcome: 'failed', reason };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 120) ?? '';
}

import { type AddCheckpoint, parseAddCheckpoint } from '../../domain/log/add-checkpoint.ts';
import { type Checkpoint, parseCheckpoint } from '../../domain/log/checkpoint.ts';
import { cosignedMessage, encodeCosignature } from '../../domain/log/cosignature.ts';
import { nativeTreeHasher } from '../../domain/log/native-tree-hasher.ts';
import { verifyConsistency } from '../../domain/log/proofs.ts';
import { parseNote, signatureLine } from '../../domain/log/signed-note.ts';
import { sameHash } from '../../domain/log/tree-hasher.ts';
import type { VerifierKey } from '../../domain/log/verifier-key.ts';
import { verifyNote } from '../../domain/log/verify-note.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SeenCheckpoint, WitnessMemory } from '../../ports/witness-memory.ts';
import { KeyedMutex } from '../log-in/keyed-mutex.ts';

export interface WitnessParts {
  readonly key: VerifierKey;
  /** Signs with the witness's Ed25519 key. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** The keys of the logs whose checkpoints it signs. */
  readonly logs: readonly VerifierKey[];
  readonly memory: WitnessMemory;
  readonly clock: Clock;
}

/** What https://c2sp.org/tlog-witness answers, with its HTTP status. */
export type WitnessAnswer =
  | { readonly status: 200; readonly cosignature: string }
  | { readonly status: 409; readonly size: number; readonly reason: string }
  | { readonly status: 400 | 403 | 404 | 422 | 503; readonly reason: string };

/**
 * Signs checkpoints of logs that it knows, each only if its tree begins with all of the one that it signed before: two trees
 * of one log, shown to two readers, cannot both have its signature. Remembers before it answers. Does NOT see the entries.
 */
export class Witness {
  readonly #parts: WitnessParts;
  readonly #turns = new KeyedMutex(LIMITS.witnessRequestsPerLogMax);

  constructor(parts: WitnessParts) {
    this.#parts = parts;
  }

  async addCheckpoint(body: string): Promise<WitnessAnswer> {
    const request = parseAddCheckpoint(body);
    const note = request && parseNote(request.checkpoint);
    const checkpoint = note && parseCheckpoint(note.text);
    if (!request || !note || !checkpoint)
      return refused(400, 'the body is not of the form of add-checkpoint');
    const keys = this.#parts.logs.filter(({ name }) => name === checkpoint.origin);
    if (keys.length === 0) return refused(404, 'the log is not known here');
    if (!keys.some((key) => verifyNote(note, key) === 'valid')) {
      return refused(403, 'no signature is of a key that this log is known by');
    }
    if (request.old > checkpoint.size) return refused(400, 'the old size is larger than the checkpoint');
    const answer = await this.#turns.run(checkpoint.origin, () =>
      this.#decide(request, checkpoint, note.text),
    );
    return answer ?? refused(503, 'too many requests of this log wait');
  }

  async #decide({ old, proof }: AddCheckpoint, checkpoint: Checkpoint, text: string): Promise<WitnessAnswer> {
    const { memory, clock, key, sign } = this.#parts;
    const seen: SeenCheckpoint = (await memory.find(checkpoint.origin)) ?? {
      size: 0,
      root: nativeTreeHasher.emptyRoot,
    };
    if (old !== seen.size) {
      return { status: 409, size: seen.size, reason: `the last checkpoint seen has the size ${seen.size}` };
    }
    if (old === checkpoint.size && !sameHash(seen.root, checkpoint.root)) {
      return {
        status: 409,
        size: seen.size,
        reason: 'another tree of that size was seen: the log was forked',
      };
    }
    const { size, root } = checkpoint;
    const consistency = { older: old, size, olderRoot: seen.root, root, proof };
    if (!verifyConsistency(nativeTreeHasher, consistency)) {
      return refused(422, 'the proof does not show that the log continues the one that was seen');
    }
    // A clock before 1970 would sign a time of 0, which the form reserves.
    const timeS = Math.max(1, Math.floor(clock.now() / 1_000));
    const signature = sign(Buffer.from(cosignedMessage(text, timeS)));
    if (size !== seen.size) await memory.put(checkpoint.origin, { size, root });
    const { name, keyId } = key;
    return {
      status: 200,
      cosignature: signatureLine({ name, keyId, signature: encodeCosignature({ timeS, signature }) }),
    };
  }
}

function refused(status: 400 | 403 | 404 | 422 | 503, reason: string): WitnessAnswer {
  return { status, reason };
}

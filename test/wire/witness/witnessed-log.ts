// Logs of given entries, as their sealer offers them to witnesses.
import type { Offered } from '../../../src/application/witness/witness-client.ts';
import { formatCheckpoint } from '../../../src/domain/log/checkpoint.ts';
import { referenceConsistency, referenceRoot } from '../../domain/log/reference-tree.ts';
import type { LogKey } from '../../operator/export-fixture.ts';

export interface WitnessedLog {
  readonly origin: string;
  readonly key: LogKey;
}

export function noteOf({ origin, key }: WitnessedLog, entries: readonly Uint8Array[], size: number): string {
  return key.signed(formatCheckpoint({ origin, size, root: referenceRoot(entries.slice(0, size)) }));
}

export function offered(log: WitnessedLog, entries: readonly Uint8Array[], size: number): Offered {
  return {
    size,
    note: noteOf(log, entries, size),
    proofFrom: async (older) =>
      older === 0 || older > size ? [] : referenceConsistency(older, entries.slice(0, size)),
  };
}

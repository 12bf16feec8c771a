import { type Text, text } from '../../language/text.ts';
import type { PinnedCheckpoint } from './pinned-checkpoint.ts';
import type { PinVerdict } from './rebuilt-log.ts';

/** A checkpoint that the entries do not have. */
export interface CheckpointFault {
  readonly reason: 'forked' | 'rewritten' | 'rolled_back';
  /** The first index that may be wrong. */
  readonly index: number;
  readonly said: Text;
}

/** @param found what holds the entries, in words: the export, the store */
export function checkpointFault(
  verdicts: readonly (readonly [PinnedCheckpoint, PinVerdict])[],
  size: number,
  found: Text,
): CheckpointFault | undefined {
  const fitting = verdicts.filter(([, verdict]) => verdict === 'fits').map(([pin]) => pin);
  const differing = verdicts.find(([, verdict]) => verdict === 'differs')?.[0];
  if (differing) {
    const later = fitting.find((pin) => pin.size >= differing.size);
    const from = fitting.findLast((pin) => pin.size < differing.size)?.size ?? 0;
    const last = differing.size - 1;
    return later
      ? {
          reason: 'forked',
          index: from,
          said: text(
            `The log was forked: ${later.name} fits ${found.en}, and ${differing.name} is of other entries, somewhere from index ${from} to ${last}`,
            `El registro se bifurcó: ${later.name} encaja con ${found.es}, y ${differing.name} es de otras entradas, en algún punto entre los índices ${from} y ${last}`,
          ),
        }
      : {
          reason: 'rewritten',
          index: from,
          said: text(
            `${found.en} is not what ${differing.name} signs: an entry from index ${from} to ${last} was changed, and all after it of its user to fit, or the log was forked`,
            `${found.es} no es lo que firma ${differing.name}: una entrada entre los índices ${from} y ${last} se cambió, y todas las siguientes de su usuario para que encajaran, o el registro se bifurcó`,
          ),
        };
  }
  const beyond = verdicts.find(([, verdict]) => verdict === 'beyond')?.[0];
  if (!beyond) return undefined;
  return {
    reason: 'rolled_back',
    index: size,
    said: text(
      `${found.en} ends at ${size} sealed entries, and ${beyond.name} signs ${beyond.size}: the end is missing from index ${size}, or an older copy was put back`,
      `${found.es} acaba en ${size} entradas selladas, y ${beyond.name} firma ${beyond.size}: falta el final desde el índice ${size}, o se repuso una copia más antigua`,
    ),
  };
}

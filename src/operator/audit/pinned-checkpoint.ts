import { parseCheckpoint } from '../../domain/log/checkpoint.ts';
import { parseNote } from '../../domain/log/signed-note.ts';
import type { VerifierKey } from '../../domain/log/verifier-key.ts';
import { verifyNote } from '../../domain/log/verify-note.ts';
import { type Text, text } from '../../language/text.ts';

/** A checkpoint that was kept outside (`sello audit pin`). */
export interface PinnedCheckpoint {
  /** What to call it: its file. */
  readonly name: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Reads a checkpoint, and verifies its signature where the log's key is given.
 * @returns what is wrong, in words
 */
export function readPin(name: string, note: string, key: VerifierKey | undefined): PinnedCheckpoint | Text {
  const parsed = parseNote(note);
  const checkpoint = parsed && parseCheckpoint(parsed.text);
  if (!parsed || !checkpoint) {
    return text(
      `${name} is no checkpoint: three lines, an empty one, and signatures, as sello audit pin prints them`,
      `${name} no es un punto de control: tres líneas, una vacía y firmas, como las muestra sello audit pin`,
    );
  }
  if (!key) return { name, ...checkpoint };
  if (checkpoint.origin !== key.name) {
    return text(
      `${name} is of another log: its origin is ${checkpoint.origin}, the key is of ${key.name}`,
      `${name} es de otro registro: su origen es ${checkpoint.origin}, la clave es de ${key.name}`,
    );
  }
  switch (verifyNote(parsed, key)) {
    case 'valid':
      return { name, ...checkpoint };
    case 'absent':
      return text(`${name} is not signed by this key`, `${name} no está firmado por esta clave`);
    case 'invalid':
      return text(
        `${name} was changed: its signature is wrong`,
        `${name} fue cambiado: su firma no es correcta`,
      );
  }
}

/** @returns what is wrong with checkpoints that must be of one log, in words */
export function contradictingPins(pins: readonly PinnedCheckpoint[]): Text | undefined {
  for (const [index, one] of pins.entries()) {
    for (const other of pins.slice(index + 1)) {
      if (one.origin !== other.origin) {
        return text(
          `${one.name} is of ${one.origin} and ${other.name} of ${other.origin}: they are of two logs`,
          `${one.name} es de ${one.origin} y ${other.name} de ${other.origin}: son de dos registros`,
        );
      }
      if (one.size === other.size && !Buffer.from(one.root).equals(other.root)) {
        return text(
          `The log was forked: ${one.name} and ${other.name} both cover ${one.size} entries, and not the same`,
          `El registro se bifurcó: ${one.name} y ${other.name} cubren ${one.size} entradas, y no las mismas`,
        );
      }
    }
  }
  return undefined;
}

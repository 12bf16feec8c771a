/** A stretch of a text, either common to both texts or not. */
export interface Stretch {
  readonly text: string;
  readonly changed: boolean;
}

export interface Difference {
  readonly before: readonly Stretch[];
  readonly after: readonly Stretch[];
}

/** Longer texts are not compared in pieces: time and memory grow with the product of their lengths. */
const PIECES_MAX = 1_000;

/** Words and numbers stay whole, so that a changed hash is one change. */
const PIECE = /[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu;

/** Compares two texts by the longest common subsequence of their words and signs. */
export function differenceOf(before: string, after: string): Difference {
  const old = before.match(PIECE) ?? [];
  const young = after.match(PIECE) ?? [];
  if (old.length > PIECES_MAX || young.length > PIECES_MAX) return whole(before, after);
  const lengths = commonLengths(old, young);
  const width = young.length + 1;
  const inOld: boolean[] = [];
  const inYoung: boolean[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length && j < young.length) {
    if (old[i] === young[j]) {
      inOld[i++] = true;
      inYoung[j++] = true;
    } else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i++;
    else j++;
  }
  return { before: joined(old, inOld), after: joined(young, inYoung) };
}

/**
 * Length of the longest common subsequence of `old` from i on and `young` from j on, at `i * (young.length + 1) + j`.
 */
function commonLengths(old: readonly string[], young: readonly string[]): Uint16Array {
  const width = young.length + 1;
  const lengths = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = young.length - 1; j >= 0; j--) {
      const at = i * width + j;
      const below = lengths[at + width] ?? 0;
      const beside = lengths[at + 1] ?? 0;
      lengths[at] = old[i] === young[j] ? (lengths[at + width + 1] ?? 0) + 1 : Math.max(below, beside);
    }
  }
  return lengths;
}

function joined(pieces: readonly string[], common: readonly boolean[]): readonly Stretch[] {
  const stretches: { text: string; changed: boolean }[] = [];
  pieces.forEach((text, index) => {
    const changed = common[index] !== true;
    const last = stretches.at(-1);
    if (last && last.changed === changed) last.text += text;
    else stretches.push({ text, changed });
  });
  return stretches;
}

function whole(before: string, after: string): Difference {
  const changed = before !== after;
  return { before: [{ text: before, changed }], after: [{ text: after, changed }] };
}

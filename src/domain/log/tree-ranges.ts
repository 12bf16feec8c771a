/** The leaves `[from, to)`. */
export interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** The root of the perfect subtree over the leaves `[index * 2^level, (index + 1) * 2^level)`. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** Returns the largest power of two below `count`, which is at least 2. Sizes may exceed 32 bits. */
export function splitPoint(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/** Lists the subtrees whose roots are the inclusion proof of a leaf, from its sibling upward (RFC 9162 section 2.1.3.1). */
export function inclusionRanges(index: number, size: number): readonly LeafRange[] {
  assertSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError('the tree has no such leaf');
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.reverse();
}

/**
 * Lists the subtrees whose roots are the consistency proof between two sizes (RFC 9162 section 2.1.4.1). Empty where the
 * sizes are equal or the older is 0.
 */
export function consistencyRanges(older: number, size: number): readonly LeafRange[] {
  assertSize(size);
  if (!Number.isSafeInteger(older) || older < 0 || older > size)
    throw new RangeError('the older tree is larger');
  if (older === 0 || older === size) return [];
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = size;
  let complete = true;
  while (older < to) {
    const middle = from + splitPoint(to - from);
    if (older <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
      complete = false;
    }
  }
  if (!complete) ranges.push({ from, to });
  return ranges.reverse();
}

/** Splits a range that begins where a subtree of its width does into perfect subtrees, left to right, each smaller than the one before. */
export function perfectNodes({ from, to }: LeafRange): readonly TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let start = from; start < to; ) {
    let level = 0;
    let width = 1;
    while (start % (width * 2) === 0 && start + width * 2 <= to) {
      width *= 2;
      level++;
    }
    nodes.push({ level, index: start / width });
    start += width;
  }
  return nodes;
}

function assertSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('a tree has another size');
}

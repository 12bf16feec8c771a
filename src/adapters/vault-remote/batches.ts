import { VaultUnavailable } from '../../domain/errors.ts';

/**
 * Sends a batch in parts of at most `itemsMax` items and roughly `bytesWanted` bytes.
 * @returns the answers in the items' order
 * @throws the error of the first part that failed
 */
export async function inParts<Item, Answer>(
  items: readonly Item[],
  {
    itemsMax,
    bytesWanted,
    sizeOf,
  }: {
    readonly itemsMax: number;
    readonly bytesWanted: number;
    readonly sizeOf: (item: Item) => number;
  },
  ask: (part: readonly Item[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const parts: Promise<readonly Answer[]>[] = [];
  let from = 0;
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const size = sizeOf(item);
    if (index > from && (index - from >= itemsMax || bytes + size > bytesWanted)) {
      parts.push(ask(items.slice(from, index)));
      from = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (parts.length === 0) return items.length === 0 ? [] : checked(items, await ask(items));
  parts.push(ask(items.slice(from)));
  return checked(items, (await Promise.all(parts)).flat());
}

function checked<Answer>(items: readonly unknown[], answers: readonly Answer[]): readonly Answer[] {
  if (answers.length !== items.length)
    throw new VaultUnavailable('the vault answered another number of items');
  return answers;
}

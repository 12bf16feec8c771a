import type { ArchivedBodies } from '../../ports/journal-archive.ts';

/** Fills in the bodies of entries that the store keeps no more. They stay empty where they were erased, or no file here has them. */
export async function withBodies<Entry extends { readonly body: string }>(
  entries: readonly Entry[],
  bodies: ArchivedBodies | undefined,
  indexOf: (entry: Entry) => number,
): Promise<readonly Entry[]> {
  if (!bodies || entries.every(({ body }) => body !== '')) return entries;
  const filled: Entry[] = [];
  for (const entry of entries) {
    const body = entry.body === '' ? await bodies.findBody(indexOf(entry)) : entry.body;
    filled.push(body ? { ...entry, body } : entry);
  }
  return filled;
}

/** An entry's index is its position less one. */
export const byPosition = ({ position }: { readonly position: number }) => position - 1;
export const byIndex = ({ index }: { readonly index: number }) => index;

import { CONFUSABLES } from './confusables.ts';

/** Characters that are not drawn, which skeletons leave out. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

let table: ReadonlyMap<string, string> | undefined;

/**
 * Returns the skeleton of a text: NFD, without default-ignorable characters, each character replaced by its prototype,
 * NFD again (UTS 39 section 4, `internalSkeleton`). Two texts with one skeleton look alike in common fonts. It is for
 * comparison alone: a skeleton is no text to show. Case is kept: `А` of Cyrillic looks like `A`, not like `a`. Does NOT
 * reorder right-to-left text as `bidiSkeleton` does, nor find texts that resemble each other by less than whole
 * characters.
 */
export function skeleton(text: string): string {
  table ??= readTable();
  let mapped = '';
  for (const character of text.normalize('NFD').replace(IGNORABLE, ''))
    mapped += table.get(character) ?? character;
  return mapped.normalize('NFD');
}

/** Whether two texts look alike and are not the same. */
export function lookAlike(one: string, other: string): boolean {
  return one !== other && skeleton(one) === skeleton(other);
}

function readTable(): ReadonlyMap<string, string> {
  const prototypes = new Map<string, string>();
  const textOf = (hex: string) => String.fromCodePoint(Number.parseInt(hex, 16));
  for (const word of CONFUSABLES.replaceAll(',\n', ',').trim().split(/\s+/)) {
    const [prototype = '', characters = ''] = word.split('=');
    const text = prototype.split('+').map(textOf).join('');
    for (const character of characters.split(',')) prototypes.set(textOf(character), text);
  }
  return prototypes;
}

/**
 * What another person chose (an account's name) as it is shown. Whatever could be taken for another character, hides, or
 * turns the direction of its neighbours is shown with its code point, so two texts that differ never look the same.
 */
export type ShownPart =
  | { readonly kind: 'plain'; readonly text: string }
  /** `glyph` is empty for what cannot be seen. */
  | { readonly kind: 'escaped'; readonly glyph: string; readonly code: string };

/** Letters of the European Latin alphabets that resemble no ASCII letter when their accent is seen. */
const LATIN = /^[À-ÖØ-öø-İĴ-ķĹ-ľŁ-ňŊ-ž]$/;
const PRINTABLE_ASCII = /^[ -~]$/;
const SEEN = /^[\p{L}\p{N}\p{P}\p{S}]$/u;
const UNSEEN = /^[\p{Default_Ignorable_Code_Point}]$/u;

export function shownParts(text: string): readonly ShownPart[] {
  const parts: ShownPart[] = [];
  let plain = '';
  const characters = [...text];
  for (const [index, character] of characters.entries()) {
    if (isPlain(character, characters[index - 1], characters[index + 1])) {
      plain += character;
      continue;
    }
    if (plain !== '') parts.push({ kind: 'plain', text: plain });
    plain = '';
    parts.push(escaped(character));
  }
  if (plain !== '') parts.push({ kind: 'plain', text: plain });
  return parts;
}

/** A blank counts as seen between two others: at an end, or beside another, a screen swallows it. */
function isPlain(character: string, before: string | undefined, after: string | undefined): boolean {
  if (character === ' ') return before !== undefined && before !== ' ' && after !== undefined;
  return PRINTABLE_ASCII.test(character) || LATIN.test(character);
}

function escaped(character: string): ShownPart {
  const code = character.codePointAt(0) ?? 0;
  return {
    kind: 'escaped',
    glyph: SEEN.test(character) && !UNSEEN.test(character) ? character : '',
    code: `U+${code.toString(16).toUpperCase().padStart(4, '0')}`,
  };
}

/** The parts as one line: for a screen reader, and for a test that reads it back. */
export function shownText(text: string): string {
  return shownParts(text)
    .map((part) => (part.kind === 'plain' ? part.text : `⟨${part.glyph}${part.code}⟩`))
    .join('');
}

/** Whether anything of it had to be escaped: worth a warning. */
export function hasEscapes(text: string): boolean {
  return shownParts(text).some(({ kind }) => kind === 'escaped');
}

/** An IBAN (ISO 13616) in its printed groups of four; others whole. The groups together are the text. */
export function accountGroups(plain: string): readonly string[] {
  if (!/^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$/.test(plain)) return [plain];
  return plain.match(/.{1,4}/g) ?? [plain];
}

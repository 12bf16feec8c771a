/**
 * Text chosen by others, such as an account, as it is shown. Characters that resemble others, are invisible or change
 * the direction of their neighbours are shown with their code points, so that different texts never look the same.
 */
export type ShownPart =
  | { readonly kind: 'plain'; readonly text: string }
  /** `glyph` is empty for invisible characters. */
  | { readonly kind: 'escaped'; readonly glyph: string; readonly code: string };

/** Letters of European Latin alphabets that resemble no ASCII letter when their accent is visible. */
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

/** A space is visible only between two other characters; at an end or beside another space it is not. */
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

/** Joins the parts into one line, for screen readers and tests. */
export function shownText(text: string): string {
  return shownParts(text)
    .map((part) => (part.kind === 'plain' ? part.text : `⟨${part.glyph}${part.code}⟩`))
    .join('');
}

/** Returns whether any character is escaped, which deserves a warning. */
export function hasEscapes(text: string): boolean {
  return shownParts(text).some(({ kind }) => kind === 'escaped');
}

/**
 * Splits an IBAN (ISO 13616) into its printed groups of four; other accounts stay whole. The groups joined are the
 * text.
 */
export function accountGroups(plain: string): readonly string[] {
  if (!/^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$/.test(plain)) return [plain];
  return plain.match(/.{1,4}/g) ?? [plain];
}

const WORDS_MAX = 48;
const WORD_LENGTH_MAX = 128;
// biome-ignore lint/suspicious/noControlCharactersInRegex: every ASCII character
const ASCII = /^[\x00-\x7f]*$/;
const MARKS = /\p{M}+/gu;
const BREAKS = /[^\p{L}\p{N}]+/u;
const PLAIN = /^[a-z0-9]+$/;
const BLANKS = /\s+/u;

/** Folds a text for comparison: case, accents and compatibility forms make no difference. */
export function folded(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text.normalize('NFKD').replace(MARKS, '').toLowerCase();
}

/** The words of a folded text: what stands between blanks, and the letters and digits within that. */
function* wordsIn(text: string): Generator<string> {
  for (const word of text.split(BLANKS)) {
    if (word === '' || word.length > WORD_LENGTH_MAX) continue;
    yield word;
    if (PLAIN.test(word) || !BREAKS.test(word)) continue;
    for (const part of word.split(BREAKS)) if (part !== '') yield part;
  }
}

/** The words of several texts, at most 48: those beyond are not found. */
export function wordsOf(texts: Iterable<string>): ReadonlySet<string> {
  const words = new Set<string>();
  for (const text of texts) {
    for (const word of wordsIn(folded(text))) {
      words.add(word);
      if (words.size === WORDS_MAX) return words;
    }
  }
  return words;
}

/** The words that somebody looks for: what stands between blanks. */
export function wordsSought(text: string): readonly string[] {
  return folded(text)
    .split(BLANKS)
    .filter((word) => word !== '');
}

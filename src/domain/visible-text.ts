/**
 * Characters that no font draws, though Unicode counts them as symbols or letters: BRAILLE PATTERN BLANK, MUSICAL SYMBOL
 * NULL NOTEHEAD, KHITAN SMALL SCRIPT FILLER, the Egyptian FULL BLANK and HALF BLANK. The Hangul fillers are
 * default-ignorable.
 */
const BLANK = /[\u2800\u{1D159}\u{16FE4}\u{13441}\u{13442}]/u;

/** A base character: marks alone, on nothing, are no text. */
const BASE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Control and format characters (bidirectional overrides included), separators other than space, private-use and unassigned characters. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

/**
 * Whether a text is well-formed Unicode, NFC (UAX 15), and has something to see and nothing invisible, so that two such
 * texts that look the same are the same bytes. The empty text is. Does NOT detect letters of different scripts that look alike.
 */
export function isVisible(text: string): boolean {
  if (!text.isWellFormed() || UNSEEN.test(text) || BLANK.test(text)) return false;
  return text.normalize('NFC') === text && (text === '' || BASE.test(text));
}

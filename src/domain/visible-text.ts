/** Control and format characters (bidirectional overrides included), separators other than space, private-use and unassigned characters. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

/**
 * Whether a text is well-formed Unicode, NFC (UAX 15) and free of invisible characters, so that two such texts that look
 * the same are the same bytes. Does NOT detect letters of different scripts that look alike.
 */
export function isVisible(text: string): boolean {
  return text.isWellFormed() && !UNSEEN.test(text) && text.normalize('NFC') === text;
}

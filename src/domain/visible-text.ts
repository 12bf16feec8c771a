/** Controls, formats (overrides of direction among them), separators but the space, private and unassigned characters. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

/**
 * Whether two texts that look the same are the same bytes as far as Unicode can tell: well-formed, NFC (UAX 15), and
 * nothing in it that is not seen. Letters of different scripts that look alike are not told apart.
 */
export function isVisible(text: string): boolean {
  return text.isWellFormed() && !UNSEEN.test(text) && text.normalize('NFC') === text;
}

/** The characters of WinAnsiEncoding (ISO 32000-1, annex D.2) that are not at their place in Latin-1, from 0x80 on. */
const HIGH = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/**
 * Returns text as character codes of WinAnsiEncoding, one a character, which the standard fonts of PDF have. Other characters,
 * and those that cannot be seen, stand as their code points between ‹ and ›; so do ‹ and › themselves.
 */
export function winAnsi(text: string): string {
  let codes = '';
  for (const character of text) codes += codeOf(character) ?? `\x8bU+${hexOf(character)}\x9b`;
  return codes;
}

function codeOf(character: string): string | undefined {
  if (character === '‹' || character === '›' || character === '\u00ad') return undefined;
  // A no-break space is a space to the reader.
  if (character === '\u00a0' || character === '\u202f') return ' ';
  const code = character.codePointAt(0) ?? 0;
  if ((code >= 0x20 && code < 0x7f) || (code > 0xa0 && code <= 0xff)) return character;
  const place = code > 0xff ? HIGH.indexOf(character) : -1;
  return place < 0 ? undefined : String.fromCharCode(0x80 + place);
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

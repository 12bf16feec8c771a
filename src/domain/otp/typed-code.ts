/**
 * Takes the blanks out of a code as people type and paste it: tokens show `123 456`. Called where a code enters, so that
 * every later comparison, the one for codes used before included, is of the same text. Does NOT check the digits.
 */
export function withoutBlanks(code: string): string {
  return code.replace(/\s+/gu, '');
}

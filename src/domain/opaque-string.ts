/** Zs of Unicode but U+0020: blanks that keyboards give in place of a space. */
const OTHER_SPACES = /(?! )\p{Zs}/gu;

/**
 * Prepares a password by the OpaqueString profile (RFC 8265 section 4.2): other spaces become U+0020, then NFC, so that a
 * password matches on whatever keyboard it is typed. Case and width stay. Does NOT refuse code points outside of the
 * FreeformClass: passwords that were taken before go on.
 */
export function opaqueString(password: string): string {
  return password.replace(OTHER_SPACES, ' ').normalize('NFC');
}

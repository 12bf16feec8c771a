/**
 * Encodes a JSON value as RFC 8785 JSON: names sorted by UTF-16 code units (section 3.2.3), no whitespace, strings and
 * numbers as JSON.stringify writes them (3.2.2). Does NOT check that strings are well-formed Unicode.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}

/** ASCII without quotation mark, reverse solidus and control characters. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * Encodes a string as RFC 8785 section 3.2.2.2 does. Most strings need no escape; testing for that costs a third of
 * JSON.stringify. Does NOT check that the string is well-formed Unicode.
 */
export function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

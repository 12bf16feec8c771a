/** PostgreSQL's text holds every character but U+0000: a label with one keeps its place by U+FFFD. */
export function storable(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
}

/** Nothing is stored under such a name, so there is nothing to ask for. */
export function cannotBeStored(text: string): boolean {
  return text.includes('\0');
}

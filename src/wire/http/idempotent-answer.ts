/** Returns the header that marks a response replayed from an idempotency record; none for other responses. */
export function replayed(repeated: boolean | undefined): Readonly<Record<string, string>> {
  return repeated ? { 'idempotency-replayed': 'true' } : {};
}

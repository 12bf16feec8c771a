/** The mark of an answer that was stored, not decided anew. */
export function replayed(repeated: boolean | undefined): Readonly<Record<string, string>> {
  return repeated ? { 'idempotency-replayed': 'true' } : {};
}

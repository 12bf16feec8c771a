const ID_LENGTH = 16;

/** The short id by which a user sees a session. The secret cannot be derived from it. */
export function shortSessionId({ sessionId }: { readonly sessionId: string }): string {
  return sessionId.slice(0, ID_LENGTH);
}

/** A recovery under way: administrators give the user's account to a new device. */
export interface RecoveryNotice {
  readonly askedBy: string;
  /** From when a device may be invited, in ms since 1970 of the server; undefined until it is confirmed. */
  readonly readyAtMs: number | undefined;
}

/** Reads the answer to GET /v1/recovery. */
export function readRecovery(answer: unknown): RecoveryNotice | undefined {
  const recovery = (answer as { recovery?: unknown } | null)?.recovery;
  if (typeof recovery !== 'object' || recovery === null) return undefined;
  const { asked_by: by, ready_at: ready } = recovery as Record<string, unknown>;
  const readyAtMs = typeof ready === 'string' ? Date.parse(ready) : Number.NaN;
  return {
    askedBy: typeof by === 'string' ? by : '',
    readyAtMs: Number.isNaN(readyAtMs) ? undefined : readyAtMs,
  };
}

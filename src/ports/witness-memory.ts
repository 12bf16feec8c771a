/** The last checkpoint of each log that a witness signed. */
export interface WitnessMemory {
  /** @returns undefined for a log that was not seen */
  find(origin: string): Promise<SeenCheckpoint | undefined>;
  /** Durable when it resolves. */
  put(origin: string, seen: SeenCheckpoint): Promise<void>;
}

export interface SeenCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
}

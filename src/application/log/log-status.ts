/** What this process knows of the log, for the metrics. */
export interface LogStatus {
  /** The size of the last checkpoint that it has seen; 0 before. */
  size: number;
  /** Whether it was the one that seals when it asked last. */
  sealing: boolean;
  /** Whether its last turn failed. */
  failing: boolean;
}

export function newLogStatus(): LogStatus {
  return { size: 0, sealing: false, failing: false };
}

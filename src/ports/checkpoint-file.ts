/** Where a server keeps the last checkpoint of the log that it has seen, outside the database. */
export interface CheckpointFile {
  /** @returns undefined where there is none */
  read(): Promise<string | undefined>;
  write(note: string): Promise<void>;
}

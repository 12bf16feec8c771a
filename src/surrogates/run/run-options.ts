import type { DataKey } from '../../domain/surrogates/data-key.ts';

/** What a run is made of. The rules must have been read without problems. */
export interface RunOptions {
  readonly input: string;
  readonly output: string;
  readonly rules: string;
  readonly dataKey: DataKey;
  readonly onError: 'stop' | 'skip';
  readonly reverse?: boolean;
  readonly workers: number;
  readonly now: Date;
  readonly onProgress?: (progress: RunProgress) => void;
  /** Ends the run, and removes what it has written. */
  readonly signal?: AbortSignal;
}

export interface RunProgress {
  readonly bytes: number;
  readonly bytesTotal: number;
}

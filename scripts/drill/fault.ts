import type { ServerAddress } from './customers.ts';

/** What a drill runs on. */
export interface DrillStage {
  readonly addresses: readonly ServerAddress[];
  /** Makes the customers' accounts, where they may not register. */
  readonly admit?: (usernames: readonly string[]) => Promise<void>;
  /** The ids of approved transactions in the journal, by payee. */
  approved(): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** A deliberate fault of a stage, and how it is repaired while the load continues. */
export interface Fault<Where> {
  readonly name: string;
  readonly says: string;
  /** Causes the fault. @returns a function that repairs it */
  readonly inject: (stage: Where) => Promise<() => Promise<void>>;
}

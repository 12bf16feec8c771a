import type { Findings } from '../report/findings.ts';

/** A server with one of its backends outside its process and its folder. */
export interface ServerKind {
  readonly name: string;
  readonly title: string;
  readonly flags: Readonly<Record<string, string>>;
  /** CPU time so far of the processes that work for this server alone. */
  readonly besideCpuMicros?: () => Promise<number>;
}

/** A backend of servers (a database, an HSM, a vault process), started for one run. */
export interface Part {
  readonly servers: readonly ServerKind[];
  /** Measures the backend by itself, beside its own limits. */
  measure(): Promise<void>;
  close(): Promise<void>;
}

/** A backend that cannot be measured on this machine, and why. */
export interface MissingPart {
  readonly title: string;
  readonly missing: string;
}

export type OpenPart = (findings: Findings) => Promise<Part | MissingPart>;

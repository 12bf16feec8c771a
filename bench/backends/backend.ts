import type { Findings } from '../report/findings.ts';

/** A server that has one of its parts elsewhere than in its process and its folder. */
export interface ServerKind {
  readonly name: string;
  readonly title: string;
  readonly flags: Readonly<Record<string, string>>;
  /** What processes that work for this server alone have used so far. */
  readonly besideCpuMicros?: () => Promise<number>;
}

/** Something that servers use, made for one run. */
export interface Part {
  readonly servers: readonly ServerKind[];
  /** By itself, beside its own limits. */
  measure(): Promise<void>;
  close(): Promise<void>;
}

/** Why it cannot be measured on this machine. */
export interface MissingPart {
  readonly title: string;
  readonly missing: string;
}

export type OpenPart = (findings: Findings) => Promise<Part | MissingPart>;

import type { Config } from '../config.ts';
import type { Refusal } from '../domain/errors.ts';
import type { Limits } from '../limits.ts';
import type { OperationArguments, OperationName, OperationResult } from '../operator/operations.ts';
import type { Endpoint } from './endpoint.ts';
import type { Step } from './verdict.ts';

/** The body of a journal entry. */
export interface RecordedEntry {
  readonly type: string;
  readonly reason?: string;
  readonly version: number;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly transaction?: {
    readonly payer: string;
    readonly payee: string;
    readonly amount: string;
    readonly currency: string;
  };
}

/**
 * The server under attack, with what its operator knows: the lab asks the operator for tokens and reads the journal,
 * so only the owner of the data folder can run it.
 */
export interface Target {
  readonly endpoint: Endpoint;
  /** The server's configuration. What an attack expects depends on it. */
  readonly config: Config;
  /** The server's fixed bounds (src/limits.ts); tests give it smaller ones. */
  readonly limits: Limits;
  operate<Name extends OperationName>(
    name: Name,
    given: OperationArguments<Name>,
  ): Promise<OperationResult<Name> | Refusal>;
  /** A user's entries, oldest first, the last 8,192 of them. */
  entriesOf(username: string): Promise<readonly RecordedEntry[]>;
}

export interface AttackOptions {
  /** Called with each step when it is done. */
  readonly onStep?: (step: Step) => void;
  /** The longest wait of a step for an expiry. Steps that would wait longer are skipped. */
  readonly patienceMs?: number;
}

/** Longer than every wait at the default bounds: a challenge and a client without log-in live for two minutes. */
export const PATIENCE_MS = 130_000;

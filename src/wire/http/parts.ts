import type { AccessTokens } from '../../application/access-tokens.ts';
import type { Context } from '../../application/context.ts';
import type { LogIn, LogInRequest } from '../../application/log-in.ts';
import type { ServiceKeys } from '../../application/services.ts';
import type { CodeDesk } from '../../application/validate-code.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { Cursors } from './cursor.ts';
import type { EventStreams } from './event-streams.ts';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

/** What the routes work on. */
export interface HttpParts {
  readonly context: Context;
  /** One desk for all wires: guesses at one user's password stand in one line. */
  logIn(request: LogInRequest): Promise<LogIn | Refusal>;
  readonly accessTokens: AccessTokens;
  readonly serviceKeys: ServiceKeys;
  readonly codeDesk: CodeDesk;
  readonly cursors: Cursors;
  readonly eventStreams: EventStreams;
  readonly health: Health;
  readonly metrics: Metrics;
  /** Requests that wait for a decision now. */
  readonly waiting: { count: number };
  /** Whether anyone may read /metrics, not this machine and administrators alone. */
  readonly metricsPublic: boolean;
}

/** The part of pino's logger that is used here. */
export interface HttpLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

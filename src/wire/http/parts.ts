import type { CodeValidator } from '../../application/codes/validate-code.ts';
import type { Context } from '../../application/context.ts';
import type { JournalVerification } from '../../application/journal/journal-verification.ts';
import type { ServiceEvents } from '../../application/journal/service-events.ts';
import type { LogIn, LogInRequest } from '../../application/log-in/log-in-by-password.ts';
import type { ServiceKeys } from '../../application/services/services.ts';
import type { AccessTokens } from '../../application/sessions/access-tokens.ts';
import type { Overview } from '../../application/upkeep/overview.ts';
import type { FirstAdministrator } from '../../application/users/first-administrator.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { Cursors } from './cursor.ts';
import type { ErrorLimit } from './error-limit.ts';
import type { EventStreams } from './event-streams.ts';
import type { Health } from './health.ts';
import type { Laboratory } from './laboratory.ts';
import type { Metrics } from './metrics.ts';
import type { WaitQuota } from './wait-quota.ts';

/** What the routes work on. */
export interface HttpParts {
  readonly context: Context;
  /** One desk for all wires: guesses at one user's password stand in one line. */
  logIn(request: LogInRequest): Promise<LogIn | Refusal>;
  /** Where this is the first start, and nobody is there yet. */
  readonly firstAdministrator: FirstAdministrator | undefined;
  readonly accessTokens: AccessTokens;
  readonly serviceKeys: ServiceKeys;
  readonly codeDesk: CodeValidator;
  readonly cursors: Cursors;
  readonly eventStreams: EventStreams;
  readonly serviceEvents: ServiceEvents;
  readonly errorLimit: ErrorLimit;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly overview: Overview;
  readonly verification: JournalVerification;
  readonly site: Site;
  readonly traffic: Traffic;
  /** What is in force, for administrators to read; secrets left out. */
  readonly settingsInForce: readonly SettingInForce[];
  /** Where the configuration allows attacks from the console. */
  laboratory(): Laboratory | undefined;
  /** Exports of the journal under way. */
  readonly exporting: { count: number };
  /** Requests that wait for a decision now. */
  readonly waiting: WaitQuota;
  /** Whether anyone may read /metrics, not this machine and administrators alone. */
  readonly metricsPublic: boolean;
}

/** Where browsers reach this server, as configured or, by default, on this machine: never as a request says. */
export interface Site {
  readonly origin: string;
}

/** Open connections by protocol. */
export interface Traffic {
  readonly http: () => number;
  readonly tcp: () => number;
}

/** A key of the configuration. */
export interface SettingInForce {
  readonly key: string;
  /** JSON; null where it is secret. */
  readonly value: unknown;
  readonly source: string;
  readonly secret: boolean;
  readonly description: string;
}

/** The part of pino's logger that is used here. */
export interface HttpLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

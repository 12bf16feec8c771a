import { CodeValidator } from '../../application/codes/validate-code.ts';
import type { Context } from '../../application/context.ts';
import { DataKeys } from '../../application/datasets/data-keys.ts';
import { BackgroundVerification } from '../../application/journal/background-verification.ts';
import { ServiceEvents } from '../../application/journal/service-events.ts';
import type { LogInRequest } from '../../application/log-in/log-in-by-password.ts';
import type { LogIn } from '../../application/log-in/submit-log-in.ts';
import type { WebPush } from '../../application/push/manage-push-subscription.ts';
import { JournalFigures } from '../../application/search/journal-figures.ts';
import { ServiceKeys } from '../../application/services/service-keys.ts';
import { AccessTokens } from '../../application/sessions/access-tokens.ts';
import { Overview } from '../../application/upkeep/overview.ts';
import { FirstAdministrator } from '../../application/users/first-administrator.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { Text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { Quota } from '../quota.ts';
import { BodyQuota } from './body-quota.ts';
import type { HttpConnections } from './connections.ts';
import { Cursors } from './cursor.ts';
import { ErrorLimit } from './error-limit.ts';
import { type EventStreamLimits, EventStreams } from './event-streams.ts';
import { Health } from './health.ts';
import type { Laboratory } from './laboratory.ts';
import { Metrics } from './metrics.ts';
import { WaitQuota } from './wait-quota.ts';

/** What the routes work with: the application, and the state of this HTTP server. */
export interface HttpDependencies {
  readonly context: Context;
  /** Shared with the TCP protocol, so that guesses at one user's password queue together. */
  logIn(request: LogInRequest): Promise<LogIn | Refusal>;
  /** Set at a start without an administrator. */
  readonly firstAdministrator: FirstAdministrator | undefined;
  readonly accessTokens: AccessTokens;
  readonly serviceKeys: ServiceKeys;
  readonly dataKeys: DataKeys;
  readonly codeValidator: CodeValidator;
  readonly cursors: Cursors;
  readonly eventStreams: EventStreams;
  readonly serviceEvents: ServiceEvents;
  readonly errorLimit: ErrorLimit;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly overview: Overview;
  readonly figures: JournalFigures;
  readonly verification: BackgroundVerification;
  readonly site: Site;
  readonly openConnections: OpenConnections;
  readonly connections: HttpConnections;
  /** The configuration in force, for administrators to read, without secrets. */
  readonly settingsInForce: readonly SettingInForce[];
  /** Defined where the configuration allows attacks from the console. */
  laboratory(): Laboratory | undefined;
  /** Undefined where `web_push` is off. */
  readonly webPush: WebPush | undefined;
  /** Exports of the journal under way. */
  readonly exporting: Quota;
  /** Requests that wait for a decision now. */
  readonly waiting: WaitQuota;
  /** Long bodies that arrive or are handled now. */
  readonly bodies: BodyQuota;
  /** Messages that are sent to their recipients now. */
  readonly messageStreams: Quota;
  /** Whether anyone may read /metrics, rather than only this machine and administrators. */
  readonly metricsPublic: boolean;
}

/** Where browsers reach this server: as configured or, by default, on this machine; never as a request claims. */
export interface Site {
  readonly origin: string;
}

/** Counts open connections by protocol. */
export interface OpenConnections {
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
  readonly description: Text;
}

export interface DependencyOptions {
  readonly context: Context;
  readonly logIn: HttpDependencies['logIn'];
  readonly metricsPublic?: boolean;
  readonly settingsInForce?: readonly SettingInForce[];
  readonly laboratory?: () => Laboratory | undefined;
  readonly webPush?: WebPush | undefined;
}

/** Makes all dependencies but those that are known only once the server listens. */
export async function makeDependencies(
  {
    context,
    logIn,
    metricsPublic = false,
    settingsInForce = [],
    laboratory = () => undefined,
    webPush,
  }: DependencyOptions,
  streams: Partial<EventStreamLimits> | undefined,
): Promise<Omit<HttpDependencies, 'site' | 'openConnections' | 'connections'>> {
  const cursors = new Cursors(context);
  // Fetches the cursors' key early, so that lists can be read even if the vault goes away later.
  await cursors.ready().catch(() => undefined);
  return {
    context,
    logIn,
    firstAdministrator: await FirstAdministrator.offer(context),
    accessTokens: new AccessTokens(context),
    serviceKeys: new ServiceKeys(context),
    dataKeys: new DataKeys(context),
    codeValidator: new CodeValidator(context),
    cursors,
    eventStreams: new EventStreams(streams),
    serviceEvents: new ServiceEvents(context),
    errorLimit: new ErrorLimit(context.rateLimiter, context.settings.rateLimits.errors),
    health: new Health(context),
    metrics: new Metrics(context),
    overview: new Overview(context),
    figures: new JournalFigures(context),
    verification: new BackgroundVerification(context),
    settingsInForce,
    laboratory,
    webPush,
    exporting: new Quota(LIMITS.exportStreamsMax),
    waiting: new WaitQuota(),
    bodies: new BodyQuota(),
    messageStreams: new Quota(LIMITS.messageStreamsMax),
    metricsPublic,
  };
}

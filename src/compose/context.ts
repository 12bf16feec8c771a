import { Argon2Hasher } from '../adapters/password/argon2.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { ChallengeIssuer } from '../application/challenges/challenge-issuer.ts';
import { RandomPool } from '../application/challenges/random-pool.ts';
import type { Context } from '../application/context.ts';
import { Decider } from '../application/decisions/decider.ts';
import { EntryQuota } from '../application/decisions/entry-quota.ts';
import { UserCache } from '../application/decisions/user-cache.ts';
import { RowContradictions } from '../application/journal/row-contradictions.ts';
import { InstrumentedVault } from '../application/keys/instrumented-vault.ts';
import { KeyLeases } from '../application/keys/key-leases.ts';
import { RefusalCounter } from '../application/lockout/refusal-counter.ts';
import { ResponsePadding } from '../application/lockout/response-padding.ts';
import { LogKey } from '../application/log/log-key.ts';
import { newLogStatus } from '../application/log/log-status.ts';
import { ReceiptSigner } from '../application/receipts/receipt-signer.ts';
import { JournalOutbox } from '../application/relay/journal-outbox.ts';
import { OutgoingEvents } from '../application/relay/outgoing-events.ts';
import type { RelayControl } from '../application/relay/relay.ts';
import { Retention } from '../application/retention/retention.ts';
import { ServiceKeyUses } from '../application/services/service-key-uses.ts';
import { SessionUses } from '../application/sessions/session-uses.ts';
import type { Config } from '../config.ts';
import { ReachableAddresses } from '../net/public-address.ts';
import type { Clock } from '../ports/clock.ts';
import type { JournalArchive } from '../ports/journal-archive.ts';
import type { KeyVault } from '../ports/key-vault.ts';
import type { Logger } from '../ports/logger.ts';
import type { RateLimiter } from '../ports/rate-limiter.ts';
import type { Store } from '../ports/store.ts';
import { LogThrottle } from '../wire/log-throttle.ts';
import { logOrigin } from './log-origin.ts';
import { formOf } from './relay.ts';
import { witnessesOf } from './witnesses.ts';

/** Each is logged once a minute. */
const CONTRADICTIONS_LOGGED_MAX = 256;

/** The context of every use case: the ports, and the parts of the application that hold state. */
export function contextOf(
  config: Config,
  parts: {
    store: Store;
    archive: JournalArchive;
    vault: KeyVault;
    rateLimiter: RateLimiter;
    clock: Clock;
    log: Logger;
    relay: RelayControl;
  },
): Context {
  const { store, rateLimiter, clock, log } = parts;
  const vault = new InstrumentedVault(parts.vault);
  const { rotationMs, challengeTtlMs } = config.keys;
  const randomPool = new RandomPool(systemRandom);
  const contradictionsLogged = new LogThrottle(CONTRADICTIONS_LOGGED_MAX);
  const userCache = new UserCache({ store, clock, challengeTtlMs });
  const decider = new Decider({
    store,
    vault,
    clock,
    userCache,
    entryQuota: new EntryQuota(config.rateLimits),
    random: systemRandom,
  });
  return {
    clock,
    random: systemRandom,
    randomPool,
    store,
    vault,
    passwords: new Argon2Hasher({ random: systemRandom }),
    rateLimiter,
    decider,
    userCache,
    challenges: new ChallengeIssuer(vault, randomPool, rotationMs, challengeTtlMs),
    refusalCounter: new RefusalCounter(decider, (error) =>
      log.warn({ err: error }, 'counts of refusals could not be written yet'),
    ),
    responsePadding: new ResponsePadding(),
    receiptSigner: new ReceiptSigner(vault),
    keyLeases: new KeyLeases(),
    serviceKeyUses: new ServiceKeyUses(store),
    sessionUses: new SessionUses(store, decider, config.sessionIdleMs),
    logKey: new LogKey(vault, logOrigin(config)),
    logStatus: newLogStatus(),
    contradictions: new RowContradictions((reason) => {
      if (contradictionsLogged.take(reason)) {
        log.error({ reason }, 'the database contradicts its journal: what it says was not shown');
      }
    }),
    outgoingEvents: new OutgoingEvents(new JournalOutbox(store), formOf(config)),
    retention: retentionOf(config, parts),
    witnesses: witnessesOf(config, { store, log }),
    relay: parts.relay,
    calledAddresses: new ReachableAddresses(config.webhooks.privateAddressesAllowed),
    settings: config,
  };
}

const DAY_MS = 86_400_000;

function retentionOf(
  { archive: { afterDays } }: Config,
  { store, archive, clock, log }: { store: Store; archive: JournalArchive; clock: Clock; log: Logger },
): Retention {
  let failing = '';
  return new Retention({
    ...{ store, archive, clock, archiveAfterMs: afterDays * DAY_MS },
    observe: (error) => {
      const reason = error === undefined ? '' : error instanceof Error ? error.message : String(error);
      if (reason !== '' && reason !== failing) log.warn({ reason }, 'entries are not archived or erased now');
      if (reason === '' && failing !== '') log.info({}, 'entries are archived and erased again');
      failing = reason;
    },
  });
}

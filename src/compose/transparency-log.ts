import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { HashingThread } from '../adapters/log-hashing/hashing-thread.ts';
import { checkpointFile } from '../adapters/system/checkpoint-file.ts';
import type { Context } from '../application/context.ts';
import { CheckpointMemory } from '../application/log/checkpoint-memory.ts';
import { recordRollback } from '../application/log/record-rollback.ts';
import { findRollback, type RolledBack } from '../application/log/rolled-back.ts';
import { Sealer } from '../application/log/sealer.ts';
import { TileReader } from '../application/log/tile-reader.ts';
import type { Config } from '../config.ts';
import { StartRefused } from '../domain/errors.ts';
import { consistencyRanges } from '../domain/log/tree-ranges.ts';
import { LIMITS } from '../limits.ts';
import type { LogReader, StoredCheckpoint } from '../ports/log-store.ts';
import type { Logger } from '../ports/logger.ts';
import { checkpointPath } from './paths.ts';

/**
 * Compares the database with the last checkpoint that this data folder remembers.
 * @returns the rollback that the operator accepts
 * @throws StartRefused for one that nobody accepted
 */
export async function checkRollback(
  config: Config,
  log: LogReader,
  accepted: boolean,
): Promise<RolledBack | undefined> {
  const path = checkpointPath(config);
  const seen = await checkpointFile(path).read();
  const found = seen === undefined ? undefined : await findRollback(log, seen);
  if (!found || accepted) return found;
  const { seenSize, size, kind } = found;
  throw new StartRefused(
    `${
      kind === 'shorter'
        ? `The database was rolled back: it has ${size} sealed entries, and had ${seenSize}`
        : `The database is another one: its first ${seenSize} entries are not those that were sealed`
    } (the checkpoint in ${path}). Nothing was changed. Bring the newer database back; or, after a restore that is meant, start once with sello serve --accept-rollback, which is recorded.`,
  );
}

/** Records an accepted rollback, and forgets the checkpoint that the database does not continue. */
export async function acceptRollback(
  config: Config,
  context: Context,
  rollback: RolledBack,
  log: Logger,
): Promise<void> {
  await recordRollback(context, rollback);
  await rm(checkpointPath(config), { force: true });
  log.warn({ ...rollback }, 'a database of before was accepted');
}

export interface RunningLog {
  stop(): Promise<void>;
}

/** Seals as long as no other process does, and remembers the last checkpoint. */
export function startLog(config: Config, context: Context, log: Logger): RunningLog {
  const { store, logKey, logStatus, clock, witnesses } = context;
  const offer = (checkpoint: StoredCheckpoint) => {
    const reader = new TileReader(store.log, checkpoint);
    const { size, note } = checkpoint;
    const proofFrom = (older: number) => reader.roots(older > size ? [] : consistencyRanges(older, size));
    witnesses.offer({ size, note, proofFrom });
  };
  let failing = '';
  const observe = (error: unknown) => {
    const reason = error === undefined ? '' : error instanceof Error ? error.message : String(error);
    if (reason !== failing && reason !== '') log.warn({ reason }, 'entries are not sealed now');
    if (reason === '' && failing !== '') log.info({}, 'entries are sealed again');
    failing = reason;
    logStatus.failing = reason !== '';
    logStatus.sealing = sealer.isSealing;
  };
  const file = checkpointFile(checkpointPath(config));
  const memory = new CheckpointMemory(store.log, file, {
    onSeen: ({ size }) => {
      logStatus.size = size;
    },
    onError: (error) => log.warn({ err: error }, 'the last checkpoint could not be remembered'),
  });
  const appender = new HashingThread();
  const sealer = new Sealer({
    store,
    key: logKey,
    appender,
    clock,
    holder: `${hostname()}/${process.pid}`,
    observe,
    sealed: (checkpoint) => {
      memory.remember(checkpoint);
      offer(checkpoint);
    },
  });
  sealer.start();
  context.retention.start();
  // The checkpoint of before this start may lack signatures, and no entry may come for long.
  const offerLast = setInterval(() => {
    if (!sealer.isSealing) return;
    store.log.lastCheckpoint().then((last) => last && offer(last), observe);
  }, LIMITS.logMemoryPeriodMs).unref();
  memory.start(LIMITS.logMemoryPeriodMs);
  return {
    async stop() {
      clearInterval(offerLast);
      await sealer.stop();
      await context.retention.stop();
      await witnesses.stop();
      await memory.stop();
      await appender.close();
    },
  };
}

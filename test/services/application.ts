// The real application in the test's process, on a temporary folder and optionally on a clock that only the test moves.
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Session } from '../../src/application/sessions/session.ts';
import { type Application, openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** A clock that stands until it is moved. */
export class StoppedClock implements Clock {
  #now: number;

  constructor(now = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

export async function temporaryFolder(t: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sello-test-'));
  // Hooks run in the order in which they were given: one that removed the folder would run before those that stop who writes in it.
  t.after(() => leftOver.add(folder));
  return folder;
}

const leftOver = new Set<string>();
process.on('exit', () => {
  for (const folder of leftOver) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // A process that a failed test left alive writes there.
    }
  }
});

/** The real application on a throw-away folder, closed when the test ends. */
export async function testApplication(
  t: Pick<TestContext, 'after'>,
  {
    clock,
    flags = {},
    maintenance,
  }: { clock?: Clock; flags?: Record<string, string>; maintenance?: false } = {},
): Promise<Application> {
  const folder = await temporaryFolder(t);
  const { config } = loadConfig({ flags: { '--data-dir': folder, ...flags } });
  const application = await openApplication(config, {
    ...(clock ? { clock } : {}),
    ...(maintenance === false ? { maintenance } : {}),
  });
  t.after(() => application.close());
  return application;
}

/** For tests that move more than the velocity limit of the defaults by MAC. */
export const NO_VELOCITY_LIMIT = { '--policy-velocity': 'null' };

export const PASSWORD = 'secreto';

/** Registers a user and logs them in. */
export async function registeredSession(application: Application, username: string): Promise<Session> {
  const { services } = application;
  const registered = await services.registerUser({ username, password: PASSWORD, address: '127.0.0.1' });
  if ('refused' in registered) throw new Error(`registration refused: ${registered.refused}`);
  const logIn = await services.logIn({ username, password: PASSWORD, address: '127.0.0.1' });
  if ('refused' in logIn) throw new Error(`log-in refused: ${logIn.refused}`);
  return logIn.session;
}

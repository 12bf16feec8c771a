import { run } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import type { TestReport } from './report.ts';

/** A suite that hangs is ended; the slowest stops and starts a server fifty times. */
const SUITE_TIME_MAX_MS = 600_000;

const SUITE_END_MS = 30_000;

export interface SuiteRun {
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How many suites run beside each other. */
  readonly atOnce: number;
  readonly report: Pick<TestReport, 'suite'>;
}

/**
 * Runs the suites, each in a process of its own, in the order given. `node --test FILES` sorts them by name and delays a
 * suite's report until all earlier ones have ended. So each suite is a separate run of Node's test runner.
 * @returns how many seconds each took
 */
export async function runSuites(files: readonly string[], options: SuiteRun): Promise<Map<string, number>> {
  const durations = new Map<string, number>();
  const waiting = [...files];
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const startedAt = performance.now();
      const events = await runSuite(file, options);
      const seconds = (performance.now() - startedAt) / 1_000;
      durations.set(file, seconds);
      options.report.suite(file, events, seconds);
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, work));
  return durations;
}

async function runSuite(file: string, { root, environment }: SuiteRun): Promise<readonly TestEvent[]> {
  const events: TestEvent[] = [];
  const stream = run({
    ...{ files: [file], cwd: root, concurrency: 1 },
    ...{ timeout: SUITE_TIME_MAX_MS, env: environment },
    // A suite whose tests have ended and whose process does not, as when a server was left alive, has no timeout else.
    signal: AbortSignal.timeout(SUITE_TIME_MAX_MS + SUITE_END_MS),
  });
  for await (const event of stream) events.push(event);
  return events;
}

import type { TestEvent } from 'node:test/reporters';
import { spec } from 'node:test/reporters';

const TOTAL = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

/** The runner's own report as it comes, with its totals held back: they close the output, after what failed. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const reporter = new spec();
  const totals: string[] = [];
  const written: string[] = [];
  reporter.on('data', (text) => written.push(String(text)));
  for await (const event of events) {
    if (event.type === 'test:diagnostic' && event.data.file === undefined && TOTAL.test(event.data.message)) {
      totals.push(`ℹ ${event.data.message}\n`);
    } else reporter.write(event);
    yield* written.splice(0);
  }
  const ended = new Promise((resolve) => reporter.once('end', resolve));
  reporter.end();
  await ended;
  yield* written;
  yield* totals;
}

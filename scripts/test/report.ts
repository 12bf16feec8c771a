import type { TestEvent } from 'node:test/reporters';
import { spec } from 'node:test/reporters';

type Summary = Extract<TestEvent, { type: 'test:summary' }>['data'];

/** What closes the report, as the runner of Node names it. */
const TOTALS = {
  tests: 'tests',
  suites: 'suites',
  pass: 'passed',
  fail: 'failed',
  cancelled: 'cancelled',
  skipped: 'skipped',
  todo: 'todo',
} as const;

/**
 * Writes the report: each suite in one piece as it ends, with a progress count; then all failures again, then the totals.
 */
export class TestReport {
  readonly #spec = new spec();
  readonly #suiteCount: number;
  readonly #startedAt = performance.now();
  readonly #counts: Record<string, number> = {};
  #ended = 0;
  #failed = false;

  constructor(suiteCount: number, output: NodeJS.WritableStream) {
    this.#suiteCount = suiteCount;
    this.#spec.on('data', (text) => output.write(String(text)));
    this.#output = output;
  }

  readonly #output: NodeJS.WritableStream;

  get failed(): boolean {
    return this.#failed;
  }

  /** Reports a suite that has ended. `events`: all that its own run emitted. */
  suite(file: string, events: readonly TestEvent[], seconds: number): void {
    let passed = false;
    for (const event of events) {
      if (event.type === 'test:summary' && event.data.file === undefined) passed = this.#count(event.data);
      else if (!isTotal(event)) this.#spec.write(event);
    }
    if (!passed) this.#failed = true;
    const message = `${passed ? '✔' : '✖'} ${++this.#ended} of ${this.#suiteCount}: ${file} (${seconds.toFixed(1)} s)\n`;
    this.#spec.write({ type: 'test:stdout', data: { file, message } });
  }

  /** Writes what failed and the totals. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#spec.once('end', resolve));
    this.#spec.end();
    await ended;
    for (const [name, count] of Object.entries(TOTALS))
      this.#output.write(`ℹ ${name} ${this.#counts[count] ?? 0}\n`);
    this.#output.write(`ℹ duration_ms ${performance.now() - this.#startedAt}\n`);
  }

  #count({ counts, success }: Summary): boolean {
    for (const [name, count] of Object.entries(counts))
      this.#counts[name] = (this.#counts[name] ?? 0) + count;
    return success;
  }
}

/** The lines with which the run of a single suite closes: they are added up instead. */
function isTotal(event: TestEvent): boolean {
  if (event.type !== 'test:diagnostic' || event.data.nesting !== 0) return false;
  const [name = ''] = event.data.message.split(' ');
  return name === 'duration_ms' || name in TOTALS;
}

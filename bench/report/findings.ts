import { Child } from '../processes/child.ts';
import type { SealingLag } from '../processes/lag-meter.ts';
import type { Sizes } from '../sizes.ts';
import type { Limit, Memory, Row, Skipped, StartUp } from './report.ts';

export interface RunOptions {
  readonly sizes: Sizes;
  readonly quick: boolean;
  /** An empty temporary folder on the disk to be measured. */
  readonly folder: string;
  /** Flags for the server's Node, such as `--cpu-prof`. */
  readonly nodeOptions: readonly string[];
  readonly onStep: (step: string) => void;
}

/** The results so far, and the processes that produce them. */
export class Findings {
  readonly rows: Row[] = [];
  readonly limits: Limit[] = [];
  readonly startUps: StartUp[] = [];
  readonly memory: Memory[] = [];
  readonly skipped: Skipped[] = [];
  /** How far the log was behind at full speed. */
  sealingLag: SealingLag | undefined;
  readonly options: RunOptions;
  readonly #children = new Set<Child>();

  constructor(options: RunOptions) {
    this.options = options;
  }

  /** Runs a module of `processes/` for as long as `use` runs. */
  async withChild<T>(
    module: string,
    use: (child: Child) => Promise<T>,
    nodeOptions: readonly string[] = [],
  ): Promise<T> {
    const child = this.start(module, nodeOptions);
    try {
      return await use(child);
    } finally {
      await this.end(child);
    }
  }

  /** Runs a module of `processes/` until `end` or `killAll`. */
  start(module: string, nodeOptions: readonly string[] = []): Child {
    const child = new Child(module, { nodeOptions });
    this.#children.add(child);
    return child;
  }

  async end(child: Child): Promise<void> {
    await child.end();
    this.#children.delete(child);
  }

  /** Records what cannot be measured on this machine, and why. */
  skip(title: string, reason: string): void {
    this.skipped.push({ title, reason });
    this.options.onStep(`${title}: left out, ${reason}`);
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.kill()));
  }

  row(name: string): Row | undefined {
    return this.rows.find((row) => row.name === name);
  }

  /** Adds a limit, and its ratio to each row that it bounds. */
  addLimit(limit: Limit, rowNames: readonly string[]): void {
    this.limits.push(limit);
    for (const [index, row] of this.rows.entries()) {
      if (!rowNames.includes(row.name)) continue;
      const ratio = row.operationsPerSecond / limit.operationsPerSecond;
      this.rows[index] = { ...row, ratios: { ...row.ratios, [limit.name]: ratio } };
    }
  }
}

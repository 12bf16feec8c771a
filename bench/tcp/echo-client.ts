import { Lines } from './lines.ts';
import type { Client, LoadOptions, Meter } from './load.ts';

/** Keeps `window` lines in flight. */
export class EchoClient implements Client {
  readonly #options: LoadOptions;
  readonly #meter: Meter;
  readonly #sentAt: number[] = [];
  readonly #line: string;
  #stopped: (() => void) | undefined;
  #lines: Lines | undefined;

  constructor(options: LoadOptions, meter: Meter) {
    this.#options = options;
    this.#meter = meter;
    this.#line = 'x'.repeat((options.lineBytes ?? 1) - 1);
  }

  async start(): Promise<void> {
    const onLine = () => {
      // Echoes arrive in the order in which the lines were sent.
      this.#meter.done(this.#sentAt.shift() ?? 0);
      if (!this.#stopped) this.#send();
      else if (this.#sentAt.length === 0) this.#stopped();
    };
    this.#lines = await Lines.connect(this.#options.port, onLine, (error) =>
      this.#meter.failed(error.message),
    );
    for (let n = 0; n < this.#options.window; n++) this.#send();
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    this.#lines?.close();
  }

  #send(): void {
    this.#sentAt.push(performance.now());
    this.#lines?.send(this.#line);
  }
}

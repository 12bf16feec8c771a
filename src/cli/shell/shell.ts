import type { Config, Loaded } from '../../config.ts';
import { StartRefused } from '../../domain/errors.ts';
import type { Language } from '../../language/language.ts';
import { type Text, text } from '../../language/text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { CommandFailure, type FailureReport, reportFailure } from './failure.ts';

/** The environment of every command: language, output, configuration. */
export class Shell {
  language: Language;
  json = false;
  exitCode: ExitCode = EXIT.done;
  readonly #load: () => Loaded;
  #loaded: Loaded | undefined;

  /** `load` is called at the first use, so that commands without a configuration run even with a broken one. */
  constructor(language: Language, load: () => Loaded) {
    this.language = language;
    this.#load = load;
  }

  /** @throws CommandFailure when the configuration is not accepted */
  loaded(): Loaded {
    if (this.#loaded) return this.#loaded;
    try {
      this.#loaded = this.#load();
    } catch (error) {
      if (!(error instanceof StartRefused)) throw error;
      const wrong = text(error.message, error.message);
      throw new CommandFailure(
        EXIT.usage,
        'configuration_invalid',
        wrong,
        text('All keys: docs/configuration.md', 'Todas las claves: docs/configuration.md'),
      );
    }
    this.language = this.#loaded.config.language;
    return this.#loaded;
  }

  config(): Config {
    return this.loaded().config;
  }

  say(message: Text): string {
    return message[this.language];
  }

  /** Prints a line on stdout. */
  print(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** Prints a line on stderr for a person; nothing with `--json`. */
  note(message: Text): void {
    if (!this.json) process.stderr.write(`${this.say(message)}\n`);
  }

  /** Prints the command's result: one line of JSON with `--json`, else the lines of `human`. */
  result(value: unknown, human: () => string | readonly string[]): void {
    if (this.json) {
      this.print(JSON.stringify(value));
      return;
    }
    for (const line of [human()].flat()) this.print(line);
  }

  /** Prints a failure on stderr. @returns the exit code */
  fail(error: unknown): ExitCode {
    const { exitCode, ...report } = reportFailure(error, this.language);
    process.stderr.write(this.json ? `${JSON.stringify({ error: report })}\n` : this.#humanFailure(report));
    return exitCode;
  }

  #humanFailure({ message, remedy, retry_after_ms: wait }: Omit<FailureReport, 'exitCode'>): string {
    const seconds =
      wait === undefined ? '' : ` (${this.say(text('retry after', 'reintenta en'))} ${wait} ms)`;
    return `sello: ${message}${seconds}\n${remedy ? `  ${remedy}\n` : ''}`;
  }
}

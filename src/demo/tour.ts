import type { Language } from '../language/language.ts';
import type { Text } from '../language/text.ts';

export interface Check {
  readonly section: string;
  readonly text: string;
  readonly ok: boolean;
}

const WIDTH = 78;

/** The output of the demonstration: sections, events, and the result of each check. */
export class Tour {
  readonly language: Language;
  readonly checks: Check[] = [];
  /** Whether a line may be redrawn. */
  readonly isTerminal: boolean;
  readonly #write: (text: string) => void;
  #sections = 0;
  #section = '';

  constructor(language: Language, write: (text: string) => void, isTerminal: boolean) {
    this.language = language;
    this.#write = write;
    this.isTerminal = isTerminal;
  }

  get ok(): boolean {
    return this.checks.length > 0 && this.checks.every(({ ok }) => ok);
  }

  say(text: Text): string {
    return text[this.language];
  }

  /** Begins a section: its title, and one line on why it matters. */
  section(title: Text, why: Text): void {
    this.#section = this.say(title);
    const heading = `── ${++this.#sections}. ${this.#section} `;
    this.line(`\n${heading.padEnd(WIDTH, '─')}`);
    this.line(`   ${this.say(why)}\n`);
  }

  line(text: string): void {
    this.#write(`${text}\n`);
  }

  /** A message to the server. */
  sent(text: string): void {
    this.line(`   → ${text}`);
  }

  received(text: string): void {
    this.line(`   ← ${text}`);
  }

  /** Redraws the current line. */
  redraw(text: string): void {
    this.#write(`\r\u001b[K${text}`);
  }

  check(ok: boolean, text: Text): boolean {
    const told = this.say(text);
    this.checks.push({ section: this.#section, text: told, ok });
    this.line(`   ${ok ? '✓' : '✗'} ${told}`);
    return ok;
  }
}

import type { Language } from '../language/language.ts';
import type { Text } from '../language/text.ts';

export interface Check {
  readonly section: string;
  readonly text: string;
  readonly ok: boolean;
}

const WIDTH = 78;

/** What a person sees of the demonstration: sections, what happens in them, and whether it is as it should be. */
export class Tour {
  readonly language: Language;
  readonly checks: Check[] = [];
  /** Whether lines may be drawn over. */
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

  /** Begins a section: what it shows, and why it matters in a line. */
  section(title: Text, why: Text): void {
    this.#section = this.say(title);
    const heading = `── ${++this.#sections}. ${this.#section} `;
    this.line(`\n${heading.padEnd(WIDTH, '─')}`);
    this.line(`   ${this.say(why)}\n`);
  }

  line(text: string): void {
    this.#write(`${text}\n`);
  }

  /** What goes over the wire. */
  sent(text: string): void {
    this.line(`   → ${text}`);
  }

  received(text: string): void {
    this.line(`   ← ${text}`);
  }

  /** Writes over the line that is being drawn. */
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

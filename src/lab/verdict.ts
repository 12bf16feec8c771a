import type { Text } from '../language/text.ts';

export type AttackName = 'mitm' | 'replay' | 'reorder' | 'guess' | 'flood' | 'slow-client' | 'downgrade';

/** One attempt: what was sent, what came back, and whether that is as it must be. */
export interface Step {
  /** Stable, for scripts and tests. */
  readonly id: string;
  readonly what: Text;
  /** The user's message, when it was changed on the way. */
  readonly original?: string;
  readonly sent: string;
  readonly received: string;
  /** The journal's entry about it. */
  readonly journal?: string;
  readonly expected: Text;
  readonly held: boolean;
}

/** A step that was not tried. It does not affect the verdict. */
export interface SkippedStep {
  readonly id: string;
  readonly what: Text;
  readonly why: Text;
}

export interface Verdict {
  readonly name: AttackName;
  /** Whether every step held. An attack without any step has not held; a proxy that saw no transaction has. */
  readonly held: boolean;
  readonly steps: readonly Step[];
  readonly skipped: readonly SkippedStep[];
  /** Measurements; the unit is last in each name. */
  readonly figures: Readonly<Record<string, number>>;
}

const SHOWN_LENGTH_MAX = 400;

/** A message or answer as it is printed: without passwords and session secrets, and cut at 400 characters. */
export function shown(message: object | string): string {
  const text = (typeof message === 'string' ? message : JSON.stringify(message))
    .replaceAll(/"(password|sesion)":"(?:[^"\\]|\\.)*"/g, '"$1":"…"')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '·');
  return text.length <= SHOWN_LENGTH_MAX
    ? text
    : `${text.slice(0, SHOWN_LENGTH_MAX)}… (${text.length} characters)`;
}

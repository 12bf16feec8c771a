import type { Refusal } from '../../domain/errors.ts';
import type { Language } from '../../language/language.ts';

export interface AttackSummary {
  readonly name: string;
  readonly summary: string;
  /** What the attacker would gain. */
  readonly aim: string;
}

/** One attempt of an attack. Texts are as sent and received, with secrets removed. */
export interface AttackStep {
  readonly id: string;
  readonly what: string;
  /** What the user had sent, if it was changed on the way. */
  readonly original?: string;
  readonly sent: string;
  readonly received: string;
  /** The journal's entry about the attempt. */
  readonly journal?: string;
  readonly expected: string;
  readonly held: boolean;
}

export interface AttackVerdict {
  readonly name: string;
  readonly held: boolean;
  readonly steps: readonly AttackStep[];
  readonly skipped: readonly { readonly id: string; readonly what: string; readonly why: string }[];
  readonly figures: Readonly<Record<string, number>>;
}

/** Runs attacks of this server on itself with throw-away users, one at a time. */
export interface Laboratory {
  /** The name of the attack that runs now. */
  readonly running: string | undefined;
  attacks(language: Language): readonly AttackSummary[];
  /** @returns `resource_unknown` for another name, `already_running` while one runs */
  run(name: string, language: Language): Promise<AttackVerdict | Refusal>;
}

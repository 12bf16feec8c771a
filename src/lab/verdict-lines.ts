import type { Language } from '../language/language.ts';
import { text } from '../language/text.ts';
import type { Step, Verdict } from './verdict.ts';

const LABELS = {
  original: text('original', 'original'),
  sent: text('sent', 'enviado'),
  received: text('received', 'recibido'),
  journal: text('journal', 'diario'),
  expected: text('expected', 'esperado'),
} as const;
const LABEL_WIDTH = 9;

/** The same words in every language, because scripts look for them. */
export function word(held: boolean): string {
  return held ? 'held' : 'BROKEN';
}

/** All of a step: what was sent, and below it what came back. */
export function stepLines(step: Step, language: Language): string[] {
  const line = (label: keyof typeof LABELS, value: string | undefined) =>
    value === undefined ? [] : [`          ${LABELS[label][language].padEnd(LABEL_WIDTH)} ${value}`];
  return [
    `  ${word(step.held).padEnd(7)} ${step.what[language]}`,
    ...line('original', step.original),
    ...line('sent', step.sent),
    ...line('received', step.received),
    ...line('journal', step.journal),
    ...line('expected', step.expected[language]),
  ];
}

/** Skipped steps, measurements, and the verdict as the last line. */
export function endLines(verdict: Verdict, language: Language): string[] {
  const { name, held, steps, skipped, figures } = verdict;
  const leftOut = text('left out', 'omitido')[language];
  const passed = steps.filter((step) => step.held).length;
  const count = text(`${passed} of ${steps.length} steps`, `${passed} de ${steps.length} pasos`)[language];
  return [
    ...skipped.map(({ what, why }) => `  ${leftOut.padEnd(7)} ${what[language]}: ${why[language]}`),
    ...Object.entries(figures).map(([figure, value]) => `          ${figure} ${value}`),
    `${text('verdict', 'veredicto')[language]} ${name}: ${word(held)} (${count})`,
  ];
}

/** A verdict with its texts in one language. */
export function verdictIn({ name, held, steps, skipped, figures }: Verdict, language: Language) {
  return {
    name,
    held,
    steps: steps.map((step) => ({ ...step, what: step.what[language], expected: step.expected[language] })),
    skipped: skipped.map(({ id, what, why }) => ({ id, what: what[language], why: why[language] })),
    figures,
  };
}

/** A verdict as `--json` prints it. */
export function verdictJson(verdict: Verdict, language: Language) {
  const { name, ...rest } = verdictIn(verdict, language);
  return { name, verdict: word(verdict.held), ...rest };
}

import { readFileSync } from 'node:fs';
import { text } from '../../language/text.ts';
import { readRules } from '../../surrogates/rules/read-rules.ts';
import type { Rules } from '../../surrogates/rules/rules.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, usageFailure } from '../shell/failure.ts';

/** Reads a rules file and compiles it. @throws CommandFailure naming every rule that cannot be compiled */
export function rulesFile(path: string): { readonly source: string; readonly rules: Rules } {
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (error) {
    const { message } = error as Error;
    throw usageFailure(text(`--rules: ${message}`, `--rules: ${message}`));
  }
  const rules = readRules(source);
  if (!('problems' in rules)) return { source, rules };
  const list = rules.problems.map((problem) => `\n  ${problem}`).join('');
  throw new CommandFailure(
    EXIT.usage,
    'rules_invalid',
    text(`the rules in ${path} cannot be used:${list}`, `las reglas de ${path} no se pueden usar:${list}`),
    text('All forms: docs/surrogates.md', 'Todas las formas: docs/surrogates.md'),
  );
}

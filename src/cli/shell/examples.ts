import { text } from '../../language/text.ts';
import type { Shell } from './shell.ts';

/** The examples at the end of a command's help. */
export function examples(shell: Shell, ...lines: readonly string[]): string {
  const title = shell.say(text('Examples:', 'Ejemplos:'));
  return `\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

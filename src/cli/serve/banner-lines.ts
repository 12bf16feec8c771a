import { configWarnings } from '../../config/warnings.ts';
import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import type { Shell } from '../shell/shell.ts';

/** Paths of what the first start made, under a title; nothing when it made nothing. */
export function generatedLines(shell: Shell, generated: readonly string[]): string[] {
  if (generated.length === 0) return [];
  const title = shell.say(text('Made at this first start:', 'Creado en este primer arranque:'));
  return [title, ...generated.map((path) => `  ${path}`), ''];
}

/** What the configuration allows that is not fit for production, under a title; nothing when there is nothing. */
export function warningLines(shell: Shell, config: Config): string[] {
  const warnings = configWarnings(config);
  if (warnings.length === 0) return [];
  const title = shell.say(text('Not fit for production:', 'No apto para producción:'));
  return [title, ...warnings.map(({ key, text: warning }) => `  ! ${key}: ${shell.say(warning)}`), ''];
}

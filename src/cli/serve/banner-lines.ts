import { configWarnings } from '../../config/warnings.ts';
import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import type { Shell } from '../shell/shell.ts';

/** The paths that this start made, under a title; nothing when it made none. */
export function generatedLines(shell: Shell, generated: readonly string[]): string[] {
  if (generated.length === 0) return [];
  const title = shell.say(text('Made at this first start:', 'Creado en este primer arranque:'));
  return [title, ...generated.map((path) => `  ${path}`), ''];
}

/** The settings that are not fit for production, under a title; nothing when there are none. */
export function warningLines(shell: Shell, config: Config): string[] {
  const warnings = configWarnings(config);
  if (warnings.length === 0) return [];
  const title = shell.say(text('Not fit for production:', 'No apto para producción:'));
  return [title, ...warnings.map(({ key, text: warning }) => `  ! ${key}: ${shell.say(warning)}`), ''];
}

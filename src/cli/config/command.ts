import type { Command } from 'commander';
import { CONFIG_KEYS, type ConfigKey, configValue } from '../../config/keys.ts';
import { configWarnings } from '../../config/warnings.ts';
import type { ConfigValues } from '../../config.ts';
import { text } from '../../language/text.ts';
import { examples } from '../shell/examples.ts';
import type { Shell } from '../shell/shell.ts';

const HIDDEN = '(secret)';

export function define(command: Command, shell: Shell): void {
  command
    .option(
      '--check',
      shell.say(
        text(
          'check alone: print nothing when it is accepted',
          'solo comprobar: no muestra nada si se acepta',
        ),
      ),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'sello config',
        'sello config --config /etc/sello/sello.yaml --check',
        'sello config --json',
      ),
    )
    .action(({ check }: { check?: boolean }) => {
      const { config, values, sources, file } = shell.loaded();
      if (check) return;
      const rows = CONFIG_KEYS.map((key) => ({
        key: key.key,
        value: shownValue(key, values),
        source: sources.get(key.key) ?? 'default',
      }));
      const warnings = configWarnings(config).map(({ key, text: warning }) => ({
        key,
        message: shell.say(warning),
      }));
      shell.result(
        {
          file: file ?? null,
          values: Object.fromEntries(rows.map(({ key, ...row }) => [key, row])),
          warnings,
        },
        () => [
          ...(file === undefined ? [] : [`# ${file}`]),
          ...rows.map(
            ({ key, value, source }) =>
              `${`${key}: ${JSON.stringify(value)}`.padEnd(WIDTH)}  # ${originOf(source, shell)}`,
          ),
          ...warnings.map(({ key, message }) => `# ! ${key}: ${message}`),
        ],
      );
    });
}

const WIDTH = 44;

/** Shows that a secret is set, not what it is. A URL may contain one, so only its scheme is shown. */
function shownValue(key: ConfigKey, values: ConfigValues): unknown {
  const value = configValue(key, values);
  if (!key.schema.secret || typeof value !== 'string') return value;
  const harmless = /^(sqlite|file):/.test(value);
  return harmless ? value : (/^[a-z0-9]+:/.exec(value)?.[0] ?? '') + HIDDEN;
}

function originOf(source: string, shell: Shell): string {
  const origins: Readonly<Record<string, string>> = {
    default: 'por defecto',
    file: 'fichero',
    environment: 'entorno',
    flag: 'opción',
  };
  return shell.language === 'es' ? (origins[source] ?? source) : source;
}

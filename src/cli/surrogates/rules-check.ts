import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { InputRefused } from '../../surrogates/run/inputs.ts';
import { sampleOf } from '../../surrogates/run/sample.ts';
import { examples } from '../shell/examples.ts';
import { usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { table } from '../shell/table.ts';
import { rulesFile } from './rules-file.ts';

const WIDTH_MAX = 44;

/** `sello surrogates rules check` */
export function defineRulesCheck(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .description(
      say(
        text(
          'compile rules and show a sample before and after, under a key made for this',
          'compilar reglas y mostrar una muestra antes y después, con una clave hecha para ello',
        ),
      ),
    )
    .argument('<file>', say(text('the rules, JSON', 'las reglas, JSON')))
    .option(
      '--sample <data>',
      say(
        text(
          'a file of data, of which the first records are shown',
          'un fichero de datos, cuyos primeros registros se muestran',
        ),
      ),
    )
    .addHelpText(
      'after',
      examples(shell, 'sello surrogates rules check rules.json --sample data/Patient.ndjson'),
    )
    .action((file: string, options: { sample?: string }) => {
      const { source, rules } = rulesFile(file);
      const rulesCount = rules.rules.length + rules.columns.size;
      const dataKey = { dataset: 'sample', version: 1, seed: randomBytes(32) };
      const records = options.sample === undefined ? [] : readSample(options.sample, source, dataKey);
      shell.result({ rules: rulesCount, records }, () => [
        say(text(`${rulesCount} rules are compiled.`, `${rulesCount} reglas compiladas.`)),
        ...records.flatMap(({ error, fields }, i) => [
          '',
          error === undefined
            ? say(text(`Record ${i + 1}`, `Registro ${i + 1}`))
            : say(text(`Record ${i + 1}: ${error}`, `Registro ${i + 1}: ${error}`)),
          ...table(
            [say(text('field', 'campo')), say(text('before', 'antes')), say(text('after', 'después'))],
            fields.map(({ path, before, after }) => [
              path,
              short(before),
              after === undefined
                ? say(text('(redacted)', '(suprimido)'))
                : after === before
                  ? '='
                  : short(after),
            ]),
          ),
        ]),
      ]);
    });
}

function readSample(path: string, rules: string, dataKey: Parameters<typeof sampleOf>[2]) {
  try {
    return sampleOf(path, rules, dataKey, readFileSync(path));
  } catch (error) {
    const message =
      error instanceof InputRefused ? `${path} is of no known format` : (error as Error).message;
    throw usageFailure(text(`--sample: ${message}`, `--sample: ${message}`));
  }
}

function short(value: string): string {
  return value.length <= WIDTH_MAX ? value : `${value.slice(0, WIDTH_MAX - 1)}…`;
}

import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { InputRefused } from '../../surrogates/run/inputs.ts';
import { OutputRefused } from '../../surrogates/run/output-folder.ts';
import { RunStopped, run } from '../../surrogates/run/run.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { wholeNumber } from '../shell/whole-number.ts';
import { type DataKeyOptions, dataKeyOf } from './data-key.ts';
import { ProgressBar, sizeText } from './progress-bar.ts';
import { rulesFile } from './rules-file.ts';

interface Options extends DataKeyOptions {
  readonly rules: string;
  readonly in: string;
  readonly out: string;
  readonly workers?: string;
}

/** `sello surrogates run` and `sello surrogates reverse` */
export function defineRun(command: Command, shell: Shell, reverse: boolean): void {
  const say = shell.say.bind(shell);
  const name = reverse ? 'reverse' : 'run';
  command
    .description(
      reverse
        ? say(
            text(
              'turn surrogates back into identifiers; one that does not authenticate is refused',
              'convertir los subrogados en identificadores; uno que no se autentica se rechaza',
            ),
          )
        : say(
            text(
              'replace the identifiers of files by surrogates; what no rule names is redacted',
              'sustituir los identificadores de ficheros por subrogados; lo que ninguna regla nombra se suprime',
            ),
          ),
    )
    .requiredOption(
      '--dataset <name>',
      say(text('the dataset whose key is used', 'el conjunto cuya clave se usa')),
    )
    .requiredOption('--rules <file>', say(text('the rules, JSON', 'las reglas, JSON')))
    .requiredOption(
      '--in <path>',
      say(text('a file, or a folder of files', 'un fichero, o una carpeta de ficheros')),
    )
    .requiredOption('--out <folder>', say(text('a folder that is empty or new', 'una carpeta vacía o nueva')))
    .option(
      '--dataset-version <number>',
      say(text('of the dataset; the current one by default', 'del conjunto; por omisión la actual')),
    )
    .option(
      '--key-file <file>',
      say(
        text(
          'take the data key from a file, 64 hexadecimal digits',
          'tomar la clave de un fichero, 64 cifras hexadecimales',
        ),
      ),
    )
    .option(
      '--workers <number>',
      say(text('threads; one a core by default', 'hilos; por omisión uno por núcleo')),
    )
    .addHelpText(
      'after',
      examples(shell, `sello surrogates ${name} --dataset ward --rules rules.json --in data --out made`),
    )
    .action(async (options: Options) => {
      const { source, rules } = rulesFile(options.rules);
      const workers =
        options.workers === undefined
          ? availableParallelism()
          : wholeNumber(options.workers, '--workers', 1, 256);
      const dataKey = await dataKeyOf(shell, options);
      const bar = new ProgressBar(shell);
      const stop = new AbortController();
      const onSignal = () =>
        stop.abort(
          new CommandFailure(
            EXIT.refused,
            'interrupted',
            text('interrupted: nothing was kept', 'interrumpido: no se ha conservado nada'),
          ),
        );
      process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
      const startMs = performance.now();
      try {
        const made = await run({
          input: options.in,
          output: options.out,
          rules: source,
          dataKey,
          onError: rules.onError,
          reverse,
          workers,
          now: new Date(),
          onProgress: bar.update,
          signal: stop.signal,
        });
        bar.clear();
        const seconds = (performance.now() - startMs) / 1_000;
        const rate = Math.round(made.bytes / seconds);
        shell.result({ ...made, seconds: Number(seconds.toFixed(3)), bytes_per_second: rate }, () => [
          say(
            text(
              `${made.records} records in ${made.files} files, ${sizeText(made.bytes)} in ${seconds.toFixed(1)} s (${sizeText(rate)}/s)`,
              `${made.records} registros en ${made.files} ficheros, ${sizeText(made.bytes)} en ${seconds.toFixed(1)} s (${sizeText(rate)}/s)`,
            ),
          ),
          ...(made.dropped > 0
            ? [
                say(
                  text(
                    `${made.dropped} records have nothing that a rule keeps`,
                    `${made.dropped} registros no tienen nada que una regla conserve`,
                  ),
                ),
              ]
            : []),
          ...(made.errors > 0
            ? [
                say(
                  text(
                    `${made.errors} errors: ${options.out}/errors.ndjson`,
                    `${made.errors} errores: ${options.out}/errors.ndjson`,
                  ),
                ),
              ]
            : []),
          made.manifest,
        ]);
      } catch (error) {
        bar.clear();
        throw failureOf(error, reverse);
      } finally {
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      }
    });
}

function failureOf(error: unknown, reverse: boolean): unknown {
  if (error instanceof RunStopped) {
    const code = reverse && error.code === 'value_refused' ? 'surrogate_invalid' : error.code;
    return new CommandFailure(
      EXIT.refused,
      code,
      text(
        `${error.file}, byte ${error.offset}: ${code}; nothing was kept`,
        `${error.file}, byte ${error.offset}: ${code}; no se ha conservado nada`,
      ),
      text(
        'Mend the record, or leave such records out: "processingErrors": "skip" in the rules.',
        'Corrija el registro, o deje fuera los que son así: "processingErrors": "skip" en las reglas.',
      ),
    );
  }
  if (error instanceof InputRefused) return inputFailure(error);
  if (error instanceof OutputRefused)
    return error.reason === 'in use'
      ? new CommandFailure(
          EXIT.unavailable,
          'output_in_use',
          text(
            `--out: another run writes ${error.message}`,
            `--out: otra ejecución escribe en ${error.message}`,
          ),
        )
      : usageFailure(
          text(
            `--out: there is something in it already: ${error.message}`,
            `--out: ya contiene algo: ${error.message}`,
          ),
          text('Name an empty or new folder.', 'Indique una carpeta vacía o nueva.'),
        );
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new CommandFailure(
      EXIT.unavailable,
      'disk_full',
      text(
        '--out: the disk is full; nothing was kept',
        '--out: el disco está lleno; no se ha conservado nada',
      ),
    );
  return /^E[A-Z]+$/.test(code) ? usageFailure(text(message, message)) : error;
}

function inputFailure({ path, reason }: InputRefused): CommandFailure {
  if (reason === 'missing') return usageFailure(text(`--in: there is no ${path}`, `--in: no existe ${path}`));
  if (reason === 'empty')
    return usageFailure(text(`--in: there are no files in ${path}`, `--in: no hay ficheros en ${path}`));
  return usageFailure(
    text(`--in: ${path} is of no known format`, `--in: ${path} no es de un formato conocido`),
    text(
      '.ndjson, .jsonl, .json, .csv, each also with .gz or .zst',
      '.ndjson, .jsonl, .json, .csv, cada uno también con .gz o .zst',
    ),
  );
}

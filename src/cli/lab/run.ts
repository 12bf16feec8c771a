import { ATTACKS } from '../../lab/attacks.ts';
import { type MitmOptions, mitm } from '../../lab/mitm/mitm.ts';
import type { AttackOptions } from '../../lab/target.ts';
import type { AttackName, Step, Verdict } from '../../lab/verdict.ts';
import { endLines, stepLines, verdictJson, word } from '../../lab/verdict-lines.ts';
import { text } from '../../language/text.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { wholeNumber } from '../shell/whole-number.ts';
import { describe } from './help.ts';
import { labFailure, openTarget } from './target.ts';

/** The options that every attack has. */
export interface CommonOptions {
  readonly target?: string;
  readonly patience: string;
}

/** Runs attacks one after the other. The exit code is 1 when one did not hold. */
export async function attack(
  shell: Shell,
  names: readonly AttackName[],
  common: CommonOptions,
  more: Partial<MitmOptions> & Readonly<Record<string, unknown>>,
): Promise<void> {
  const patienceMs = 1_000 * wholeNumber(common.patience, '--patience', 0, 3_600);
  const verdicts: Verdict[] = [];
  try {
    const { target, close } = await openTarget(shell.config(), common.target);
    try {
      for (const name of names) {
        if (!shell.json) shell.print(`${name}: ${describe(shell, name)}`);
        const onStep = (step: Step) => printStep(shell, step);
        const options: AttackOptions = { patienceMs, onStep, ...more };
        const verdict =
          name === 'mitm' ? await mitm(target, options) : await ATTACKS[name].run(target, options);
        verdicts.push(verdict);
        if (!shell.json) for (const line of endLines(verdict, shell.language)) shell.print(line);
        if (!shell.json && names.length > 1) shell.print('');
      }
    } finally {
      await close();
    }
  } catch (error) {
    throw portFailure(labFailure(error), more.port);
  }
  printVerdicts(shell, verdicts, names.length > 1);
}

export function printStep(shell: Shell, step: Step): void {
  if (!shell.json) for (const line of stepLines(step, shell.language)) shell.print(line);
}

export function printVerdicts(shell: Shell, verdicts: readonly Verdict[], several: boolean): void {
  const held = verdicts.every((verdict) => verdict.held);
  if (!held) shell.exitCode = EXIT.refused;
  const json = verdicts.map((verdict) => verdictJson(verdict, shell.language));
  shell.result(several ? { verdict: word(held), held, attacks: json } : json[0], () =>
    several
      ? [
          ...verdicts.map(({ name, held }) => `  ${word(held).padEnd(7)} ${name}`),
          `${shell.say(text('verdict', 'veredicto'))}: ${word(held)}`,
        ]
      : [],
  );
}

export function portFailure(error: unknown, port: number | undefined): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error;
  return new CommandFailure(
    EXIT.unavailable,
    'port_in_use',
    text(
      `the proxy cannot listen on port ${port}: ${code}`,
      `el intermediario no puede escuchar en el puerto ${port}: ${code}`,
    ),
    text('Give another one: --port N', 'Indique otro: --port N'),
  );
}

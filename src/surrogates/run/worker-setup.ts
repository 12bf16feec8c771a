import { compilePlan } from '../rules/plan.ts';
import { readRules } from '../rules/read-rules.ts';
import type { Rules } from '../rules/rules.ts';
import { Scanner } from '../scan/scanner.ts';
import type { WorkerSetup } from './task.ts';

/** Compiled rules and the scanner that works by them. */
export interface CompiledSetup extends WorkerSetup {
  readonly compiled: Rules;
  /** The scanner, for files whose name is part of what values are computed from. */
  scannerOf(file: string): Scanner;
}

/** Compiles rules that were found whole before. */
export function compileSetup(setup: WorkerSetup): CompiledSetup {
  const compiled = readRules(setup.rules);
  if ('problems' in compiled) throw new Error(compiled.problems.join('; '));
  const plan = compilePlan(compiled, { reverse: setup.reverse });
  let scanner: Scanner | undefined;
  let scannerFile = '';
  return {
    ...setup,
    compiled,
    scannerOf(file) {
      if (!scanner || (plan.calls.length > 0 && file !== scannerFile))
        scanner = new Scanner(plan, { dataKey: setup.dataKey, file });
      scannerFile = file;
      return scanner;
    },
  };
}

import type { Text } from '../../language/text.ts';

/** The result of one check. `mend` says how to fix what is not ok. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly found: Text;
  readonly mend?: Text;
}

export function ok(check: string, found: Text): Finding {
  return { check, level: 'ok', found };
}

export function warn(check: string, found: Text, mend: Text): Finding {
  return { check, level: 'warn', found, mend };
}

export function fail(check: string, found: Text, mend: Text): Finding {
  return { check, level: 'fail', found, mend };
}

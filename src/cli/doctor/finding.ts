import type { Text } from '../../language/text.ts';

/** What one check found. `mend` says what to do about what is not ok. */
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

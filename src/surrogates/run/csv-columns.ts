import { surrogatesOf } from '../../domain/surrogates/modes.ts';
import { CallFailed, callOf } from '../rules/call.ts';
import { DEFAULT_DOMAIN, type Method } from '../rules/rules.ts';
import type { CompiledSetup } from './worker-setup.ts';

/** Replaces the cells of a column, many at a time. `undefined` stands for a cell that its method cannot take. */
export type Column = (cells: readonly string[]) => readonly (string | undefined)[];

/** The work on a column. @returns `undefined` where the column is left out */
export function columnOf(name: string, setup: CompiledSetup, file: string): Column | undefined {
  const method = setup.compiled.columns.get(name);
  if (setup.reverse)
    return method?.method === 'tokenize' || method?.method === 'encrypt' ? column(method, setup, file) : keep;
  if (!method || method.method === 'redact') return undefined;
  return method.method === 'keep' ? keep : column(method, setup, file);
}

const keep: Column = (cells) => cells;

function column(method: Method, setup: CompiledSetup, file: string): Column {
  if (method.method === 'tokenize') {
    if (setup.reverse && method.mode === 'hmac') return keep;
    const maker = surrogatesOf(setup.dataKey, method.domains.get(DEFAULT_DOMAIN) ?? '', method);
    const convert = (cells: readonly string[]) => (setup.reverse ? maker.reverse(cells) : maker.make(cells));
    return (cells) => convertEach(cells, convert);
  }
  const type =
    method.method === 'dateShift' ? 'dateTime' : method.method === 'perturb' ? 'decimal' : 'string';
  const { parameters } = setup.compiled;
  const call = callOf(method, { role: undefined, type, parameters, reverse: setup.reverse });
  const compute = call?.bind({ dataKey: setup.dataKey, file });
  return (cells) =>
    cells.map((cell) => {
      if (cell === '') return '';
      if (method.method === 'substitute') return String(JSON.parse(method.json));
      try {
        const json = compute?.(cell, file);
        return json === undefined ? '' : String(JSON.parse(json));
      } catch (error) {
        if (error instanceof CallFailed) return undefined;
        throw error;
      }
    });
}

type Convert = (
  cells: readonly string[],
) => { readonly texts: readonly string[] } | { readonly invalid: number };

/** Converts the cells that are not empty in one batch; where one is refused, it is left out of the next. */
function convertEach(cells: readonly string[], convert: Convert): readonly (string | undefined)[] {
  const result: (string | undefined)[] = cells.map((cell) => (cell === '' ? '' : undefined));
  let open = cells.flatMap((cell, i) => (cell === '' || Buffer.byteLength(cell) > 2_048 ? [] : [i]));
  while (open.length > 0) {
    const made = convert(open.map((i) => cells[i] ?? ''));
    if ('texts' in made) {
      open.forEach((i, at) => {
        result[i] = made.texts[at];
      });
      break;
    }
    // All before the refused one can be converted: it is not tried with the rest again.
    const before = open.slice(0, made.invalid);
    const good = before.length === 0 ? { texts: [] } : convert(before.map((i) => cells[i] ?? ''));
    before.forEach((i, at) => {
      result[i] = 'texts' in good ? good.texts[at] : undefined;
    });
    open = open.slice(made.invalid + 1);
  }
  return result;
}

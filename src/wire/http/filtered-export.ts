import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import Type from 'typebox';
import { recordExport } from '../../application/search/record-export.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { callerId, type UserCaller } from './caller.ts';
import type { HttpDependencies } from './dependencies.ts';
import { filterText } from './entry-search.ts';
import type { RouteResponse } from './route.ts';

export type ExportFormat = 'csv' | 'ndjson';
export const Format = Type.Enum(['csv', 'ndjson'], { default: 'csv', description: 'The form of the file.' });

export const EXPORT_DESCRIPTION = `What fits the filters as it is now, as a file of at most ${LIMITS.exportRowsMax} lines; one that says \`more\` at its end has not all. That it was taken, by whom and by what filters is an entry of the journal (\`admin.exported\`). A cell of a CSV that a spreadsheet would compute begins with an apostrophe.`;

export const EXPORT_RESPONSES = {
  200: {
    description: 'The file. A connection that is cut off means that it is not whole.',
    contentType: 'text/csv',
    textType: 'application/x-ndjson',
  },
};

/** A row of a file. */
export type Row = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Export<Cursor> {
  /** The list's name, for the journal and the file. */
  readonly list: string;
  readonly format: ExportFormat;
  /** As asked: for the journal. */
  readonly query: Readonly<Record<string, unknown>>;
  /** The columns of a CSV, in order. */
  readonly columns: readonly string[];
  /** Reads the next rows. In NDJSON a row is `whole`. */
  readonly read: (
    cursor: Cursor | undefined,
    signal: AbortSignal,
  ) => Promise<{
    readonly rows: readonly { readonly whole: unknown; readonly row: Row }[];
    readonly next: Cursor | undefined;
  }>;
}

/** Answers with a file of what a search finds, once it is on record. @returns `busy` where too many are under way */
export async function exportFiltered<Cursor>(
  { context, exporting }: HttpDependencies,
  request: { readonly caller: UserCaller; gone(): AbortSignal },
  exported: Export<Cursor>,
): Promise<RouteResponse | Refusal> {
  const place = exporting.take({
    holder: callerId(request.caller),
    holderMax: LIMITS.exportStreamsPerCallerMax,
  });
  if (!place) return refuse('busy', { retryAfterMs: 5_000 });
  const { list, format, query } = exported;
  const gone = request.gone();
  try {
    const taken = { list, format, filter: filterText(query) };
    const refused = await recordExport(context, request.caller.session.username, taken);
    if (isRefusal(refused)) {
      place.release();
      return refused;
    }
  } catch (error) {
    place.release();
    throw error;
  }
  const type = format === 'csv' ? 'text/csv' : 'application/x-ndjson';
  return {
    stream(response, common) {
      response.on('error', () => {});
      response.writeHead(200, {
        ...common,
        'content-type': `${type}; charset=utf-8`,
        'content-disposition': `attachment; filename="sello-${list}.${format}"`,
      });
      void write(exported, response, gone).finally(() => place.release());
    },
  };
}

/** Waits while the client does not read, `exportReadTimeMs` at most. */
async function write<Cursor>(
  { format, columns, read }: Export<Cursor>,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const signal = AbortSignal.any([gone, AbortSignal.timeout(LIMITS.exportTimeMs)]);
  const send = async (text: string) => {
    if (response.write(text)) return;
    await once(response, 'drain', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMITS.exportReadTimeMs)]),
    });
  };
  try {
    if (format === 'csv') await send(csvLine(columns));
    let count = 0;
    for (let cursor: Cursor | undefined; ; ) {
      signal.throwIfAborted();
      const { rows, next } = await read(cursor, signal);
      const taken = rows.slice(0, LIMITS.exportRowsMax - count);
      const lines = taken.map(({ whole, row }) =>
        format === 'csv' ? csvLine(columns.map((column) => row[column])) : `${JSON.stringify(whole)}\n`,
      );
      count += taken.length;
      if (lines.length > 0) await send(lines.join(''));
      cursor = next;
      if (cursor === undefined) break;
      if (count >= LIMITS.exportRowsMax) {
        await send(format === 'csv' ? csvLine(['more']) : '{"more":true}\n');
        break;
      }
    }
    response.end();
  } catch {
    response.destroy();
  }
}

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe (OWASP, CSV injection). */
function csvLine(cells: readonly (string | number | boolean | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: string | number | boolean | undefined): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') return `${value}`;
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

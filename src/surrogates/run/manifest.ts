import { RESOURCES } from '../fhir/types.ts';
import type { FileReport } from './file-work.ts';
import { ERRORS } from './manifest-name.ts';
import type { RunOptions } from './run-options.ts';
import type { TaskError } from './task.ts';

/**
 * The manifest of a run in the form of FHIR Bulk Data's `complete` answer: what it does not name is not part of the
 * output. URLs are relative to it.
 */
export function manifestOf(
  reports: readonly FileReport[],
  { dataKey, now, reverse = false }: Pick<RunOptions, 'dataKey' | 'now' | 'reverse'>,
  hasErrors: boolean,
): string {
  const complete = reports.filter(({ failed }) => !failed);
  const manifest = {
    transactionTime: now.toISOString(),
    request: reverse ? 'sello surrogates reverse' : 'sello surrogates run',
    requiresAccessToken: false,
    output: complete.map(({ input, records }) => ({
      ...typeOf(input.name),
      url: input.name.split('/').map(encodeURIComponent).join('/'),
      count: records,
    })),
    error: hasErrors ? [{ type: 'OperationOutcome', url: ERRORS }] : [],
    extension: {
      dataset: dataKey.dataset,
      version: dataKey.version,
      dropped: complete.reduce((total, { dropped }) => total + dropped, 0),
    },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** By the file's name, as FHIR Bulk Data's servers name theirs: `Patient.ndjson`, `Patient.000.ndjson.gz`. */
function typeOf(name: string): { readonly type?: string } {
  const [stem = ''] = (name.split('/').at(-1) ?? '').split(/[.\-_]/);
  return RESOURCES.includes(stem) ? { type: stem } : {};
}

/** An OperationOutcome a line for each record and file that was left out: where and why, no content. */
export function errorsOf(reports: readonly FileReport[]): string {
  return reports
    .flatMap(({ input, errors, errorsMore, failed }) => [
      ...errors.map((error) => outcome(input.name, error)),
      ...(errorsMore > 0 ? [outcome(input.name, { error: `and ${errorsMore} more`, offset: 0 })] : []),
      ...(failed ? [outcome(input.name, failed, 'fatal')] : []),
    ])
    .join('');
}

function outcome(file: string, { error, offset }: TaskError, severity = 'error'): string {
  const issue = {
    severity,
    code: 'processing',
    details: { text: error },
    diagnostics: `${file}, byte ${offset}`,
  };
  return `${JSON.stringify({ resourceType: 'OperationOutcome', issue: [issue] })}\n`;
}

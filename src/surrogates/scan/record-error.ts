/** Why a record was refused. Codes only: no content. The order is that of scan/assembly/scanner.ts. */
export const RECORD_ERRORS = [
  'none',
  'syntax',
  'resource_type_missing',
  'resource_type_unknown',
  'resource_type_repeated',
  'nesting_too_deep',
  'identifier_invalid',
  'identifier_too_long',
  'output_too_long',
  'truncated',
  'value_refused',
  'encoding',
  'record_too_long',
  'column_count',
] as const;

export type RecordError = (typeof RECORD_ERRORS)[number];

/** What became of a record: its text, nothing (no rule keeps any of it), or an error. */
export type RecordResult =
  | { readonly text: Uint8Array }
  | { readonly error: RecordError; readonly offset: number }
  | undefined;

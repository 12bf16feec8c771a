/** How a file is read, by its name. */
export interface FileFormat {
  readonly form: 'lines' | 'document' | 'csv';
  readonly compression: 'none' | 'gzip' | 'zstd';
}

const FORMS: readonly (readonly [RegExp, FileFormat['form']])[] = [
  [/\.(ndjson|jsonl)$/i, 'lines'],
  [/\.json$/i, 'document'],
  [/\.csv$/i, 'csv'],
];
const COMPRESSIONS: readonly (readonly [RegExp, FileFormat['compression']])[] = [
  [/\.gz$/i, 'gzip'],
  [/\.zst$/i, 'zstd'],
];

/** @returns `undefined` for a name that tells no known format */
export function formatOf(name: string): FileFormat | undefined {
  const [ending, compression = 'none'] = COMPRESSIONS.find(([pattern]) => pattern.test(name)) ?? [];
  const plain = ending ? name.replace(ending, '') : name;
  const form = FORMS.find(([pattern]) => pattern.test(plain))?.[1];
  return form && { form, compression };
}

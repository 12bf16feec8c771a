/** The names of a run's own files in its output. */
export const MANIFEST = 'manifest.json';
export const ERRORS = 'errors.ndjson';

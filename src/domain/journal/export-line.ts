/** A line of a journal export. */
export interface ExportLine {
  /** Its place in the log, of a sealed entry. */
  readonly index?: number | undefined;
  /** The body's bytes, as text; null where its user was erased. */
  readonly body: string | null;
  /** The hash of the user's entry before it, in lower-case hex. */
  readonly previous: string;
  readonly hash: string;
}

const LINE =
  /^\{(?:"index":(0|[1-9]\d{0,15}),)?"body":(\{.*\}|null),"previous":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;

/** Formats a line, without its line end. */
export function formatExportLine({ index, body, previous, hash }: ExportLine): string {
  const place = index === undefined ? '' : `"index":${index},`;
  return `{${place}"body":${body},"previous":"${previous}","hash":"${hash}"}`;
}

/** Parses a line as `formatExportLine` writes it. The body stays text. @returns undefined for any other text */
export function parseExportLine(line: string): ExportLine | undefined {
  const [, index, body, previous, hash] = LINE.exec(line) ?? [];
  if (body === undefined || previous === undefined || hash === undefined) return undefined;
  return {
    ...(index === undefined ? {} : { index: Number(index) }),
    ...{ body: body === 'null' ? null : body, previous, hash },
  };
}

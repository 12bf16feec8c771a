const QUOTE = 0x22;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Splits a stream of CSV (RFC 4180) into rows; line ends within quotation marks belong to their cell. */
export class CsvRows {
  #held: Buffer = Buffer.alloc(0);
  /** How far `#held` was searched, and whether that is within quotation marks. */
  #searched = 0;
  #isQuoted = false;
  #start = 0;

  /** Bytes that wait for the end of their row. */
  get heldBytes(): number {
    return this.#held.length;
  }

  /** Adds bytes. @returns the rows that are complete, without their line ends, each with its offset in the file */
  add(bytes: Uint8Array): { readonly row: Buffer; readonly offset: number }[] {
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
    const rows: { row: Buffer; offset: number }[] = [];
    let from = 0;
    for (let at = this.#searched; at < this.#held.length; at++) {
      const byte = this.#held[at];
      if (byte === QUOTE) this.#isQuoted = !this.#isQuoted;
      else if (byte === NEWLINE && !this.#isQuoted) {
        const end = at > from && this.#held[at - 1] === RETURN ? at - 1 : at;
        rows.push({ row: this.#held.subarray(from, end), offset: this.#start + from });
        from = at + 1;
      }
    }
    this.#start += from;
    this.#held = this.#held.subarray(from);
    this.#searched = this.#held.length;
    return rows;
  }

  /** @returns the last row, when the file does not end with a line end, or `undefined` within quotation marks */
  end(): readonly { readonly row: Buffer; readonly offset: number }[] | undefined {
    if (this.#isQuoted) return undefined;
    return this.#held.length === 0 ? [] : [{ row: this.#held, offset: this.#start }];
  }
}

/** The cells of a row. @returns `undefined` where quotation marks are not around whole cells */
export function cellsOf(row: string, delimiter: string): string[] | undefined {
  if (!row.includes('"')) return row.split(delimiter);
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (row[at] === '"') {
      let cell = '';
      let from = at + 1;
      for (;;) {
        const quote = row.indexOf('"', from);
        if (quote < 0) return undefined;
        cell += row.slice(from, quote);
        if (row[quote + 1] !== '"') {
          at = quote + 1;
          break;
        }
        cell += '"';
        from = quote + 2;
      }
      cells.push(cell);
      if (at < row.length && row[at] !== delimiter) return undefined;
    } else {
      const end = row.indexOf(delimiter, at);
      const cell = row.slice(at, end < 0 ? row.length : end);
      if (cell.includes('"')) return undefined;
      cells.push(cell);
      at = end < 0 ? row.length : end;
    }
    if (at >= row.length) return cells;
    at++;
    if (at === row.length) {
      cells.push('');
      return cells;
    }
  }
}

/** Writes a cell, in quotation marks where it needs them. */
export function cellText(cell: string, delimiter: string): string {
  return cell.includes(delimiter) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

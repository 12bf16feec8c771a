const LINE_FEED = 10;
const RETURN = 13;
/** Ends a header section, a chunked body and its trailers. Node's parser also takes a bare LF before the empty line. */
const EMPTY_LINE = Buffer.from('\n\r\n');
const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Cuts a stream of HTTP/1.1 requests into parts of which each ends where a request's header or body may end, so that no
 * part holds more than one request. Does not parse: a part may be shorter than a header or a body.
 */
export class RequestCutter {
  #chunk = EMPTY;
  /** Bytes still to come of a body with a Content-Length. */
  #bodyBytes = 0;
  /** The last two bytes handed out, since an empty line may lie across chunks. */
  #beforeLast = 0;
  #last = 0;

  /** Bytes that `next` has not handed out yet. */
  get waiting(): number {
    return this.#chunk.length;
  }

  push(chunk: Buffer): void {
    this.#chunk = this.waiting > 0 ? Buffer.concat([this.#chunk, chunk]) : chunk;
  }

  /** Tells the length of the body that follows what was handed out. @param contentLength as in the header field */
  expectBody(contentLength: string | undefined): void {
    this.#bodyBytes = contentLength === undefined ? 0 : Number(contentLength);
  }

  /** @returns the next part; call it only while bytes are `waiting` */
  next(): Buffer {
    const end = this.#bodyBytes > 0 ? Math.min(this.#bodyBytes, this.waiting) : this.#lineEnd();
    const part = this.#chunk.subarray(0, end);
    this.#chunk = end === this.waiting ? EMPTY : this.#chunk.subarray(end);
    if (this.#bodyBytes > 0) {
      this.#bodyBytes -= end;
      this.#beforeLast = this.#last = 0;
    } else {
      this.#beforeLast = part[end - 2] ?? this.#last;
      this.#last = part[end - 1] ?? 0;
    }
    return part;
  }

  /** After the next empty line, or the end of what is waiting. */
  #lineEnd(): number {
    const [first, second] = this.#chunk;
    if (this.#beforeLast === LINE_FEED && this.#last === RETURN && first === LINE_FEED) return 1;
    if (this.#last === LINE_FEED && first === RETURN && second === LINE_FEED) return 2;
    const at = this.#chunk.indexOf(EMPTY_LINE);
    return at < 0 ? this.waiting : at + EMPTY_LINE.length;
  }
}

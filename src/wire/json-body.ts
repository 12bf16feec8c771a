import { isAscii, isUtf8 } from 'node:buffer';
import { type Refusal, refuse } from '../domain/errors.ts';
import { LIMITS } from '../limits.ts';

const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;
const BRACKET_OPEN = 91;
const BRACKET_CLOSE = 93;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;

/**
 * Parses a body as JSON (RFC 8259) with the restrictions of RFC 7493: UTF-8, unique names in an object, no lone
 * surrogates; and with bounded depth. An empty body gives undefined.
 *
 * Why: docs/DECISIONS.md#unknown-members-are-refused
 */
export function parseBody(bytes: Buffer): { readonly value: unknown } | Refusal {
  if (bytes.length === 0) return { value: undefined };
  const ascii = isAscii(bytes);
  if (!ascii && !isUtf8(bytes)) return refuse('json_invalid', { detail: 'UTF-8' });
  const text = bytes.toString(ascii ? 'latin1' : 'utf8');
  const { nestingDepthMax } = LIMITS;
  const members = membersWritten(text, nestingDepthMax);
  if (members === undefined) {
    return refuse('json_invalid', { detail: `at most ${nestingDepthMax} levels` });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('json_invalid');
  }
  // RFC 8259 section 4 leaves the meaning of duplicate names open, so two readers may differ.
  if (members !== membersOf(value)) return refuse('json_invalid', { detail: 'a name is in it twice' });
  if (text.includes('\\u') && !isWellFormed(value))
    return refuse('json_invalid', { detail: 'a lone surrogate' });
  return { value };
}

/**
 * Counts the members of all objects in a text, by the colons outside strings. Does NOT check that the text is JSON.
 * @returns undefined when objects and arrays are nested deeper than `depthMax`
 */
function membersWritten(json: string, depthMax: number): number | undefined {
  let members = 0;
  let depth = 0;
  for (let index = 0; index < json.length; index++) {
    switch (json.charCodeAt(index)) {
      case QUOTE:
        index = stringEnd(json, index);
        break;
      case COLON:
        members++;
        break;
      case BRACE_OPEN:
      case BRACKET_OPEN:
        if (++depth > depthMax) return undefined;
        break;
      case BRACE_CLOSE:
      case BRACKET_CLOSE:
        depth--;
        break;
    }
  }
  return members;
}

/** The index of the quotation mark that ends the string begun at `start`; the text's length if there is none. */
function stringEnd(json: string, start: number): number {
  for (let end = start + 1; end < json.length; end++) {
    const code = json.charCodeAt(end);
    if (code === QUOTE) return end;
    if (code === BACKSLASH) end++;
  }
  return json.length;
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const values = Object.values(value);
  let members = Array.isArray(value) ? 0 : values.length;
  for (const member of values) if (typeof member === 'object') members += membersOf(member);
  return members;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isWellFormed(member));
}

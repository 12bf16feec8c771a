import { isAscii, isUtf8 } from 'node:buffer';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import { nestsDeeper } from '../tcp/nesting.ts';

const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;

/**
 * A body as JSON (RFC 8259, and the stricter RFC 7493): UTF-8, a name once in an object, no lone surrogate, bounded depth.
 * An empty body is undefined.
 */
export function parseBody(bytes: Buffer): { readonly value: unknown } | Refusal {
  if (bytes.length === 0) return { value: undefined };
  if (!isUtf8(bytes)) return refuse('json_invalid', { detail: 'UTF-8' });
  const text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
  const { nestingDepthMax } = LIMITS;
  if (nestsDeeper(text, nestingDepthMax)) {
    return refuse('json_invalid', { detail: `at most ${nestingDepthMax} levels` });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('json_invalid');
  }
  // RFC 8259 section 4 leaves open what a second member of a name means, so two readers may differ.
  if (membersWritten(text) !== membersOf(value))
    return refuse('json_invalid', { detail: 'a name is in it twice' });
  if (text.includes('\\u') && !isWellFormed(value))
    return refuse('json_invalid', { detail: 'a lone surrogate' });
  return { value };
}

/** Each member of an object has one colon outside strings. */
function membersWritten(json: string): number {
  let members = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === COLON) members++;
  }
  return members;
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

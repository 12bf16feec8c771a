const QUOTE = 34;
const BACKSLASH = 92;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;
const BRACKET_OPEN = 91;
const BRACKET_CLOSE = 93;

/**
 * Whether a JSON text opens more than `depthMax` objects and arrays inside each other; asked before it is parsed.
 * That it is JSON has not been checked.
 */
export function nestsDeeper(text: string, depthMax: number): boolean {
  // Every message of the protocol is one flat object: two searches, no loop.
  if (text.indexOf('{', 1) === -1 && !text.includes('[')) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === BRACE_OPEN || code === BRACKET_OPEN) {
      if (++depth > depthMax) return true;
    } else if (code === BRACE_CLOSE || code === BRACKET_CLOSE) depth--;
  }
  return false;
}

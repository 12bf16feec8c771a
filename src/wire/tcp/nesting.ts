const QUOTE = 34;
const BACKSLASH = 92;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;
const BRACKET_OPEN = 91;
const BRACKET_CLOSE = 93;

/**
 * Whether a JSON text nests objects and arrays deeper than `depthMax`. For use before parsing: does NOT check that the
 * text is JSON.
 */
export function nestsDeeper(text: string, depthMax: number): boolean {
  // The protocol's messages are flat objects, which two searches recognise without the loop.
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

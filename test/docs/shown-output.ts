/** The parts of an output that differ between runs, each with a pattern strict enough to match nothing else. */
const VARIABLE: readonly (readonly [RegExp, string])[] = [
  [/"sesion":"[0-9a-z]+\.[\w-]{32}"/g, '"sesion":"<session>"'],
  [/\b(?!0{64})[0-9a-f]{64}\b/g, '<32 bytes>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b/g, '<transaction>'],
  [/\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>'],
  [/"request_id":"[0-9a-f]{12}-[0-9a-z]+"/g, '"request_id":"<request>"'],
  [/"challenge_short":"[0-9]{12}"/g, '"challenge_short":"<digits>"'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]{86}\b/g, '<JWS>'],
  [/("secret":"|\bsecret=)[A-Z2-7]{32,}/g, '$1<seed>'],
  [/("id":"|\b[Tt]oken )[\w-]{16}(?=["\s])/g, '$1<token>'],
  [/("code":")\d{6}"/g, '$1<code>"'],
  [/^\d{6}$/gm, '<code>'],
  [/^ {3}\d{3} \d{3}$/gm, '   <code>'],
  [/^ {3}[█░]{20} \d{1,2} s$/gm, '   <seconds left>'],
  [/"valid_for_ms":\d{1,5}\b/g, '"valid_for_ms":<ms>'],
  [/\/\S+\/setup-link\b/g, '<set-up link>'],
  // What is left of thirty seconds a moment later.
  [/"reintentar_ms":2\d{4}\b/g, '"reintentar_ms":<under 30000>'],
];

/** The same, cut short in a document to keep its lines readable. */
const CUT_SHORT: readonly (readonly [RegExp, string])[] = [
  [/"sesion":"[0-9a-z]+\.[\w-]{4,}…"/g, '"sesion":"<session>"'],
  // A terminal shows the link; without one it is in a file.
  [/http:\S+\/console#setup=…/g, '<set-up link>'],
  [/\b[0-9a-f]{8,63}…/g, '<32 bytes>'],
  [/\beyJ[\w-]+…/g, '<JWS>'],
  [/("secret":"|\bsecret=)[A-Z2-7]{4,}…/g, '$1<seed>'],
];

const ELISION = '…';

function replaced(text: string, forms: readonly (readonly [RegExp, string])[]): string {
  let result = text.trimEnd();
  for (const [form, name] of forms) result = result.replace(form, name);
  return result;
}

/**
 * Whether what a document shows is what a command printed. Ids, nonces, codes and times may be others; `…` in what is
 * shown stands for any text in a line, and a line of it alone for any lines.
 */
export function isShown(shown: string, printed: string): boolean {
  const pattern = replaced(shown, [...CUT_SHORT, ...VARIABLE])
    .split('\n')
    .map((line) => (line.trim() === ELISION ? '(?:.*\\n)*?' : `${lineExpression(line)}\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${replaced(printed, VARIABLE)}\n`);
}

function lineExpression(line: string): string {
  return line.split(ELISION).map(escapeExpression).join('.*');
}

function escapeExpression(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

import type { Refusal, RefusalCode } from '../../domain/errors.ts';
import { detailIn } from '../../language/refusal-details.ts';
import { ERRORS } from '../errors.ts';

const DETAIL_LENGTH_MAX = 64;

/** @param members the members of the answer's object, as JSON text @param id the message's `id`, as JSON text */
export function okAnswer(members: string, id: string | undefined): string {
  return id === undefined ? `{"status":"OK",${members}}\n` : `{"status":"OK",${members},"id":${id}}\n`;
}

/**
 * The answer to a refused message. `mensaje` is for people, in Spanish, and names the key or the bound if the refusal
 * does.
 * @returns less than `LIMITS.answerBytesMax` bytes, given an id within its bound (test/wire/errors.test.ts)
 */
export function refusalAnswer(refusal: Refusal, id: string | undefined): string {
  const { tcp, es } = ERRORS[refusal.refused];
  const told = refusal.detail && detailIn('es', refusal.detail);
  const detail = told === undefined ? '' : ` (${told.slice(0, DETAIL_LENGTH_MAX).toWellFormed()})`;
  let text = `{"status":"${tcp}","mensaje":${JSON.stringify(`${es.title}${detail}. ${es.detail}`)}`;
  text += `,"error":"${refusal.refused}"`;
  if (refusal.retryAfterMs !== undefined) text += `,"reintentar_ms":${Math.ceil(refusal.retryAfterMs)}`;
  if (id !== undefined) text += `,"id":${id}`;
  return `${text}}\n`;
}

/** The detail in `mensaje` of a `refusalAnswer`, which no other member has. @returns undefined where it has none */
export function detailOf(refused: RefusalCode, mensaje: string): string | undefined {
  if (!Object.hasOwn(ERRORS, refused)) return undefined;
  const { title, detail } = ERRORS[refused].es;
  const [before, after] = [`${title} (`, `). ${detail}`];
  if (!mensaje.startsWith(before) || !mensaje.endsWith(after)) return undefined;
  return mensaje.slice(before.length, -after.length);
}

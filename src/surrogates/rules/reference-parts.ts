import { RESOURCES } from '../fhir/types.ts';

/** A piece of a reference: text that names no one, or an id with the type that the reference names. */
export type ReferencePart =
  | { readonly plain: string }
  /** `type`: a resource's name; `#` for ids within the same resource; `*` where it is not known. */
  | { readonly id: string; readonly type: string };

const NAMES = new Set(RESOURCES);
const LITERAL = /^(?<before>.*?)(?<type>[A-Za-z]+)\/(?<id>[A-Za-z0-9.-]+)(?<version>\/_history\/\d{1,10})?$/s;
const CONDITIONAL = /^(?<before>.*?)(?<type>[A-Za-z]+)\?$/s;
const BASE = /^(?:https?:\/\/[A-Za-z0-9./:_~$%-]+\/)?$/;
const ID_CHARACTERS_MAX = 64;

/**
 * Splits a reference (FHIR R4, 2.3.0): relative or absolute, with version and fragment, `urn:uuid:`, `urn:oid:`,
 * conditional, or to a contained resource. Of a form that is none of these, all is one id.
 * @param idCharactersMax longer in a reversal, as surrogates may be
 */
export function splitReference(text: string, idCharactersMax = ID_CHARACTERS_MAX): readonly ReferencePart[] {
  const whole: readonly ReferencePart[] = [{ id: text, type: '*' }];
  if (text.startsWith('#')) return [{ plain: '#' }, ...idPart(text.slice(1), '#')];
  const urn = /^urn:(?:uuid|oid):(?=.)/s.exec(text)?.[0];
  if (urn) return [{ plain: urn }, { id: text.slice(urn.length), type: '*' }];

  const hash = text.indexOf('#');
  const beforeHash = hash < 0 ? text : text.slice(0, hash);
  const question = beforeHash.indexOf('?');
  if (question >= 0) {
    const { before = '', type = '' } = CONDITIONAL.exec(text.slice(0, question + 1))?.groups ?? {};
    const isKnown = NAMES.has(type) && BASE.test(before) && question + 1 < text.length;
    return isKnown ? [{ plain: text.slice(0, question + 1) }, { id: text.slice(question + 1), type }] : whole;
  }
  const { before = '', type = '', id = '', version = '' } = LITERAL.exec(beforeHash)?.groups ?? {};
  if (!NAMES.has(type) || !BASE.test(before) || id.length > idCharactersMax) return whole;
  const fragment: readonly ReferencePart[] =
    hash < 0 ? [] : [{ plain: '#' }, ...idPart(text.slice(hash + 1), '#')];
  return [
    { plain: `${before}${type}/` },
    { id, type },
    ...(version ? [{ plain: version }] : []),
    ...fragment,
  ];
}

function idPart(id: string, type: string): readonly ReferencePart[] {
  return id === '' ? [] : [{ id, type }];
}

import { readFileSync } from 'node:fs';

/** An element of a type, as it is spelled in JSON: `deceasedBoolean`, of the choice `deceased`. */
export interface Element {
  readonly name: string;
  /** A type of FHIR, or `@` and the path of a backbone element. */
  readonly type: string;
  readonly choice: string | undefined;
}

/** What FHIR R4 says of its types: `name: PARENT:name type choice|…`, made by scripts/fhir-types.ts. */
const TABLE: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('r4.json', import.meta.url), 'utf8'),
);
const BACKBONE = 'BackboneElement';
const loaded = new Map<string, ReadonlyMap<string, Element>>();

/** The elements of a type, its parents' included, by their names in JSON. Empty for primitive and unknown types. */
export function elementsOf(type: string): ReadonlyMap<string, Element> {
  const known = loaded.get(type);
  if (known) return known;
  const row = TABLE[type.startsWith('@') ? type.slice(1) : type];
  const elements = new Map<string, Element>();
  if (row !== undefined && !isPrimitive(type)) {
    const colon = row.indexOf(':');
    const parent = type.startsWith('@') ? BACKBONE : row.slice(0, colon);
    if (parent) for (const element of elementsOf(parent).values()) elements.set(element.name, element);
    for (const text of row
      .slice(colon + 1)
      .split('|')
      .filter(Boolean)) {
      const [name = '', elementType = '', choice] = text.split(' ');
      elements.set(name, { name, type: elementType, choice });
    }
  }
  loaded.set(type, elements);
  return elements;
}

/** Whether values of a type are strings, numbers or booleans. */
export function isPrimitive(type: string): boolean {
  return /^[a-z]/.test(type);
}

/** Whether a name is one of a type that rules can name: a resource, a data type, a primitive. */
export function isType(name: string): boolean {
  return TABLE[name] !== undefined && !name.includes('.');
}

/** Whether a type is, or is derived from, another. */
export function isKindOf(type: string, ancestor: string): boolean {
  for (let at: string | undefined = type; at; at = TABLE[at]?.split(':')[0]) if (at === ancestor) return true;
  return false;
}

/** Every resource that can be instantiated, by name. */
export const RESOURCES: readonly string[] = Object.keys(TABLE).filter(
  (type) => isKindOf(type, 'Resource') && type !== 'Resource' && type !== 'DomainResource',
);

/** Every name of an element, choices included under both spellings. */
export const ELEMENT_NAMES: ReadonlySet<string> = new Set(
  Object.values(TABLE).flatMap((row) =>
    row
      .slice(row.indexOf(':') + 1)
      .split('|')
      .flatMap((text) => {
        const [name = '', , choice] = text.split(' ');
        return choice ? [name, choice] : [name];
      }),
  ),
);

import { ELEMENT_NAMES, elementsOf, isKindOf, isType, RESOURCES } from '../fhir/types.ts';

/** A step of a path: to elements of a name, or to all elements below that have a type, a name, or anything. */
export type Step =
  | { readonly kind: 'name'; readonly name: string; readonly type?: string }
  | { readonly kind: 'type-below'; readonly type: string }
  | { readonly kind: 'name-below'; readonly name: string }
  | { readonly kind: 'below' };

/** One way through a resource: the resource's type, then steps. */
export interface Path {
  /** `Resource` stands for all. */
  readonly resource: string;
  readonly steps: readonly Step[];
}

/** `X as T`, or `(X as T).y`. */
const CAST = /^\(?(?<before>.*\S)\s+as\s+(?<type>[A-Za-z0-9]+)\)?(?<after>.*)$/;
const PART =
  /^(?:nodesByType\('(?<type>[A-Za-z0-9]+)'\)|nodesByName\('(?<name>[A-Za-z0-9]+)'\)|(?<descendants>descendants\(\))|(?:ofType|as)\((?<of>[A-Za-z0-9]+)\)|(?<word>[A-Za-z][A-Za-z0-9]*))$/;

/**
 * Parses the part of FHIRPath that can be decided by names alone: `Patient.name.family`, `Resource.id`,
 * `nodesByType('HumanName').family`, `nodesByName('city')`, `Observation.value as Quantity`, `descendants()`, joined by `|`.
 * @returns the problem, in words that follow the path
 */
export function parsePath(text: string): readonly Path[] | string {
  const paths: Path[] = [];
  for (const alternative of text.split('|')) {
    const path = parseAlternative(alternative.trim());
    if (typeof path === 'string') return path;
    paths.push(path);
  }
  return paths;
}

function parseAlternative(text: string): Path | string {
  const parts = text.replace(CAST, '$<before>.as($<type>)$<after>').split('.');
  const steps: Step[] = [];
  let resource = 'Resource';
  for (const [i, part] of parts.entries()) {
    const groups = PART.exec(part.trim())?.groups;
    if (!groups)
      return `has “${part.trim()}”, which cannot be compiled: only names, nodesByType(), nodesByName(), descendants(), ofType() and as`;
    const { type, name, descendants, of, word } = groups;
    if (type !== undefined) {
      if (!isType(type)) return `names the type ${type}, which FHIR R4 does not have`;
      steps.push({ kind: 'type-below', type });
    } else if (name !== undefined) {
      if (!ELEMENT_NAMES.has(name)) return `names the element ${name}, which FHIR R4 does not have`;
      steps.push({ kind: 'name-below', name });
    } else if (descendants !== undefined) steps.push({ kind: 'below' });
    else if (of !== undefined) {
      const last = steps.pop();
      if (last?.kind !== 'name' || !isType(of)) return `casts to ${of} what is no choice of types`;
      steps.push({ ...last, type: of });
    } else if (word !== undefined && i === 0 && /^[A-Z]/.test(word)) {
      if (!isKindOf(word, 'Resource'))
        return `begins with ${word}, which is no resource of FHIR R4; for a data type write nodesByType('${word}')`;
      resource = word;
    } else if (word !== undefined && i > 0) steps.push({ kind: 'name', name: word });
    else return `begins with ${part}: begin with a resource, nodesByType() or nodesByName()`;
  }
  return problemOf({ resource, steps }) ?? { resource, steps };
}

/** Follows a path through the types, so that a misspelled name is refused instead of matching nothing. */
function problemOf({ resource, steps }: Path): string | undefined {
  let types = new Set(RESOURCES.filter((type) => isKindOf(type, resource)));
  for (const step of steps) {
    if (step.kind === 'type-below') types = new Set([step.type]);
    else if (step.kind === 'name-below' || step.kind === 'below') return undefined;
    else {
      const found = [...types].flatMap((type) => {
        const elements = [...elementsOf(type).values()];
        return elements.filter((element) => matchesName(element, step)).map((element) => element.type);
      });
      if (found.length === 0)
        return `names ${step.name}${step.type ? ` as ${step.type}` : ''}, which FHIR R4 does not have there`;
      types = new Set(found);
      if (types.has('Resource')) return 'goes into another resource: write a rule for that resource';
    }
  }
  return undefined;
}

/** Whether a step by name reaches an element: by its own name, or by that of its choice of types. */
export function matchesName(
  element: { readonly name: string; readonly type: string; readonly choice: string | undefined },
  step: { readonly name: string; readonly type?: string },
): boolean {
  if (step.type !== undefined && element.type !== step.type) return false;
  return element.name === step.name || element.choice === step.name;
}

import { type Element, elementsOf, isPrimitive, RESOURCES } from '../fhir/types.ts';
import { matchesName, type Step } from './path.ts';
import type { Rule } from './rules.ts';

/** What a value at a place of a resource becomes, and where its members lead. */
export interface State {
  readonly type: string;
  /** Index of the rule that decides about the value itself: undefined where no rule names it. */
  readonly rule: number | undefined;
  /** The value is another resource, which its own type's rules decide about. */
  readonly isResource: boolean;
  /** What a value is beside its type: a reference to a resource, an id, an age in years, a ZIP code. */
  readonly role: Role;
  /** Elements of the array keep their places, since another array runs beside it (`given` and `_given`). */
  readonly aligned: boolean;
  /** By name in JSON. Filled after the state is made, as types contain themselves. */
  readonly members: Map<string, State>;
}

export type Role = 'reference' | 'contained' | 'contained-id' | 'age' | 'zip' | undefined;

/** How far an alternative of a rule has been followed: its next step. */
interface Position {
  readonly rule: number;
  readonly alternative: number;
  readonly steps: readonly Step[];
  readonly next: number;
}

/**
 * Compiles rules into states, one for each resource: a state knows all elements that FHIR has there. Whatever no rule
 * covers leads to a state without a rule.
 */
export function compileStates(rules: readonly Rule[]): CompiledStates {
  const compiler = new Compiler(rules);
  const all = (contained: boolean) =>
    new Map(RESOURCES.map((name) => [name, compiler.root(name, contained)]));
  return { roots: all(false), contained: all(true) };
}

export interface CompiledStates {
  readonly roots: ReadonlyMap<string, State>;
  /** Of resources within others: their ids are known there alone. */
  readonly contained: ReadonlyMap<string, State>;
}

class Compiler {
  readonly #rules: readonly Rule[];
  readonly #made = new Map<string, State>();

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  root(resource: string, contained: boolean): State {
    const positions = this.#rules.flatMap((rule, index) =>
      rule.alternatives.flatMap((path, alternative): Position[] =>
        path.resource === resource || GENERAL.has(path.resource)
          ? [{ rule: index, alternative, steps: path.steps, next: 0 }]
          : [],
      ),
    );
    return this.#state(resource, positions, matched(positions), {
      role: contained ? 'contained' : undefined,
    });
  }

  #state(
    type: string,
    positions: readonly Position[],
    rule: number | undefined,
    { role, aligned = false }: { readonly role?: Role; readonly aligned?: boolean } = {},
  ): State {
    const open = positions.filter((position) => position.next < position.steps.length);
    const key = [type, rule ?? '', role ?? '', aligned, ...open.map(keyOf).sort()].join(' ');
    const made = this.#made.get(key);
    if (made) return made;
    const isResource = type === 'Resource';
    const state: State = { type, rule, isResource, role, aligned, members: new Map() };
    this.#made.set(key, state);
    if (isResource || isPrimitive(type)) return state;
    for (const element of elementsOf(type).values()) {
      state.members.set(element.name, this.#member(element, open, state));
      if (isPrimitive(element.type) && element.name !== 'id')
        state.members.set(`_${element.name}`, this.#besidePrimitive(element, open));
    }
    return state;
  }

  #member(element: Element, positions: readonly Position[], owner: State): State {
    if (element.type === 'Resource')
      return this.#state('Resource', [], undefined, {
        role: element.name === 'contained' ? 'contained' : undefined,
      });
    if (element.type === 'Extension') return this.#extension(element, positions, owner);
    const advanced = advance(element, positions);
    const rule = least(owner.rule, matched(advanced));
    return this.#state(element.type, advanced, rule, { role: roleOf(element, owner) });
  }

  /** `_birthDate` holds the id and the extensions of `birthDate`: what is said of the value does not cover them. */
  #besidePrimitive(element: Element, positions: readonly Position[]): State {
    return this.#state('Element', advance(element, positions), undefined, { aligned: true });
  }

  /**
   * An extension may hold anything, so only a rule that names extensions reaches it: neither one that covers all of a
   * resource does, nor one for a type. What is in an extension that is kept is kept with it.
   */
  #extension(element: Element, positions: readonly Position[], owner: State): State {
    const advanced = advance(element, positions);
    const naming = advanced.filter(isNaming);
    const own = matched(naming);
    const rule = owner.type === 'Extension' ? least(own, owner.rule) : own;
    // docs/DECISIONS.md#extensions-need-a-rule-of-their-own
    const kept = rule !== undefined && this.#rules[rule]?.method.method === 'keep';
    return this.#state('Extension', kept ? advanced : naming, rule);
  }
}

function roleOf(element: Element, owner: State): Role {
  if (owner.type === 'Reference' && element.name === 'reference') return 'reference';
  if (/^(uri|url|canonical)$/.test(element.type)) return 'reference';
  if (owner.role === 'contained' && element.name === 'id') return 'contained-id';
  if (owner.type === 'Age' && element.name === 'value') return 'age';
  return owner.type === 'Address' && element.name === 'postalCode' ? 'zip' : undefined;
}

const GENERAL = new Set(['Resource', 'DomainResource']);

/** The positions of the children reached by an element, and those that go on below it. */
function advance(element: Element, positions: readonly Position[]): Position[] {
  const reached: Position[] = [];
  for (const position of positions) {
    const step = position.steps[position.next];
    if (!step) continue;
    const passed = { ...position, next: position.next + 1 };
    if (step.kind === 'name') {
      if (matchesName(element, step)) reached.push(passed);
      continue;
    }
    reached.push(position);
    if (step.kind === 'below') reached.push(passed);
    else if (step.kind === 'type-below') {
      if (element.type === step.type) reached.push(passed);
    } else if (element.name === step.name || element.choice === step.name) reached.push(passed);
  }
  return reached;
}

/** Whether a position has just passed, or passed before, a step that names extensions. */
function isNaming({ steps, next }: Position): boolean {
  return steps
    .slice(0, next)
    .some(
      (step) =>
        (step.kind === 'type-below' && step.type === 'Extension') ||
        ((step.kind === 'name' || step.kind === 'name-below') && /^(modifierE|e)xtension$/.test(step.name)),
    );
}

function matched(positions: readonly Position[]): number | undefined {
  return positions
    .filter((position) => position.next === position.steps.length)
    .reduce<number | undefined>((found, { rule }) => least(found, rule), undefined);
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}

function keyOf({ rule, alternative, next }: Position): string {
  return `${rule}:${alternative}:${next}`;
}

import type { Call } from './call.ts';
import { callOf } from './call.ts';
import { DEFAULT_DOMAIN, type Method, type Rules } from './rules.ts';
import { compileStates, type Role, type State } from './states.ts';

/** What is done with a string, number or boolean. */
export type Op =
  | { readonly kind: 'redact' | 'keep' }
  /** A surrogate by AES-SIV. `key` is an index of the plan's domains. */
  | { readonly kind: 'siv'; readonly key: number }
  /** The surrogate of the id in a reference, by the type that it names. */
  | {
      readonly kind: 'reference';
      readonly unknown: number;
      readonly contained: number;
      readonly types: ReadonlyMap<string, number>;
    }
  | { readonly kind: 'constant'; readonly json: string }
  /** Computed by a function: `call` is an index of the plan's calls. */
  | { readonly kind: 'call'; readonly call: number };

/** A place in a resource. */
export interface Place {
  readonly op: Op;
  /** Of an object there: dropped, gone through, replaced by the op's constant, or another resource. */
  readonly object: 'skip' | 'walk' | 'constant' | 'resource';
  readonly contained: boolean;
  readonly aligned: boolean;
  /** Members that lead anywhere but to the default. */
  readonly members: Map<string, Place>;
}

/** Compiled rules: all that reading a record needs to know. docs/DECISIONS.md#rules-compile-to-states */
export interface Plan {
  /** Where a record begins. */
  readonly start: Place;
  /** Where a member leads that no rule names: it is redacted; in a reversal it is kept. */
  readonly otherwise: Place;
  readonly roots: ReadonlyMap<string, Place>;
  readonly contained: ReadonlyMap<string, Place>;
  /** The domains of AES-SIV. */
  readonly domains: readonly string[];
  readonly calls: readonly Call[];
  /** Calls need the id of the resource around them. */
  readonly needsId: boolean;
  readonly reverse: boolean;
}

/** Ids within a resource (`#x`) mean nothing outside it, and have a domain of their own, whatever rule covers them. */
const CONTAINED_DOMAIN = 'contained';
const REDACT: Op = { kind: 'redact' };
const KEEP: Op = { kind: 'keep' };

/** Compiles rules, to make surrogates or, in reverse, to turn them back and keep all else. */
export function compilePlan(rules: Rules, { reverse = false } = {}): Plan {
  const ops = new Ops(rules, reverse);
  const { roots, contained } = compileStates(rules.rules);
  const otherwise: Place = {
    op: reverse ? KEEP : REDACT,
    object: reverse ? 'walk' : 'skip',
    contained: false,
    aligned: false,
    members: new Map(),
  };
  const places = new Map<State, Place>();
  // Resources that others hold are gone to wherever they are; contained ones only from what is kept of their holder.
  const leading = leadingStates([...roots.values(), ...contained.values()], (state) =>
    state.isResource ? state.role !== 'contained' : ops.of(state).kind !== otherwise.op.kind,
  );
  const placeOf = (state: State): Place => {
    const made = places.get(state);
    if (made) return made;
    const op = ops.of(state);
    const place: Place = {
      op,
      object: state.isResource ? 'resource' : op.kind === 'constant' ? 'constant' : 'walk',
      contained: state.isResource && state.role === 'contained',
      aligned: state.aligned,
      members: new Map(),
    };
    places.set(state, place);
    for (const [name, member] of state.members)
      if (member.isResource || leading.has(member)) place.members.set(name, placeOf(member));
    return place;
  };
  const placesOf = (states: ReadonlyMap<string, State>) =>
    new Map(
      [...states].map(([name, state]) => [name, leading.has(state) || reverse ? placeOf(state) : otherwise]),
    );
  const start: Place = {
    op: otherwise.op,
    object: 'resource',
    contained: false,
    aligned: false,
    members: new Map(),
  };
  return {
    start,
    otherwise,
    roots: placesOf(roots),
    contained: placesOf(contained),
    domains: ops.domains,
    calls: ops.calls,
    needsId:
      !reverse && rules.parameters.dateShiftScope === 'resource' && ops.calls.some((call) => call.needsId),
    reverse,
  };
}

/** The states from which a value can be reached that is not treated as by default, found from those values backwards. */
function leadingStates(roots: readonly State[], isOwn: (state: State) => boolean): ReadonlySet<State> {
  const owners = new Map<State, State[]>();
  const waiting = [...roots];
  const seen = new Set(waiting);
  for (let state = waiting.pop(); state; state = waiting.pop())
    for (const member of state.members.values()) {
      owners.set(member, [...(owners.get(member) ?? []), state]);
      if (!seen.has(member)) waiting.push(member);
      seen.add(member);
    }
  const leading = new Set([...seen].filter(isOwn));
  const spread = [...leading];
  for (let state = spread.pop(); state; state = spread.pop())
    for (const owner of owners.get(state) ?? []) {
      if (!leading.has(owner)) spread.push(owner);
      leading.add(owner);
    }
  return leading;
}

/** The ops of a plan, with the domains and calls that they refer to. */
class Ops {
  readonly domains: string[] = [];
  readonly calls: Call[] = [];
  readonly #rules: Rules;
  readonly #reverse: boolean;
  readonly #made = new Map<string, Op>();

  constructor(rules: Rules, reverse: boolean) {
    this.#rules = rules;
    this.#reverse = reverse;
  }

  of({ rule, role, type, isResource }: State): Op {
    const otherwise = this.#reverse ? KEEP : REDACT;
    if (rule === undefined || isResource) return otherwise;
    const method = this.#rules.rules[rule]?.method;
    if (!method) return otherwise;
    const key = `${rule} ${role ?? ''} ${type}`;
    const op = this.#made.get(key) ?? this.#make(method, role, type);
    this.#made.set(key, op);
    return op;
  }

  #make(method: Method, role: Role, type: string): Op {
    if (method.method === 'keep') return KEEP;
    if (method.method === 'tokenize' && method.mode === 'siv' && !this.#reverse) {
      const unknown = this.#domain(method.domains.get(DEFAULT_DOMAIN) ?? '');
      if (role === 'contained-id') return { kind: 'siv', key: this.#domain(CONTAINED_DOMAIN) };
      if (role !== 'reference') return { kind: 'siv', key: unknown };
      const types = [...method.domains].filter(([name]) => name !== DEFAULT_DOMAIN);
      return {
        kind: 'reference',
        unknown,
        contained: this.#domain(CONTAINED_DOMAIN),
        types: new Map(types.map(([name, domain]) => [name, this.#domain(domain)])),
      };
    }
    if (method.method === 'substitute') return this.#reverse ? KEEP : { kind: 'constant', json: method.json };
    const call = callOf(method, { role, type, parameters: this.#rules.parameters, reverse: this.#reverse });
    if (!call) return this.#reverse ? KEEP : REDACT;
    return { kind: 'call', call: this.calls.push(call) - 1 };
  }

  #domain(name: string): number {
    const index = this.domains.indexOf(name);
    return index >= 0 ? index : this.domains.push(name) - 1;
  }
}

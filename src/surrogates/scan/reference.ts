import { surrogatesOf } from '../../domain/surrogates/modes.ts';
import { type CallContext, CallFailed, type Compute } from '../rules/call.ts';
import type { Op, Place, Plan } from '../rules/plan.ts';
import { splitReference } from '../rules/reference-parts.ts';
import { RECORD_LIMITS } from './limits.ts';
import type { RecordError, RecordResult } from './record-error.ts';

/** Ends a record. */
class RecordFailed extends Error {
  readonly code: RecordError;
  constructor(code: RecordError) {
    super(code);
    this.code = code;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/uy;
const LITERAL = /true|false|null/y;

/**
 * What scan/assembly/scanner.ts does, in plain TypeScript: the specification that a property test holds it to, and the
 * way to read its code. It is some thirty times slower.
 */
export class ReferenceTransformer {
  readonly #plan: Plan;
  readonly #calls: readonly Compute[];
  readonly #domains: readonly ((identifier: string) => string)[];
  readonly #roots: ReadonlySet<Place>;
  #text = '';
  #at = 0;
  #depth = 0;
  #lines = true;

  constructor(plan: Plan, context: CallContext) {
    this.#plan = plan;
    this.#roots = new Set(
      [...plan.roots.values(), ...plan.contained.values()].filter((place) => place !== plan.otherwise),
    );
    this.#calls = plan.calls.map((call) => call.bind(context));
    this.#domains = plan.domains.map((domain) => {
      const maker = surrogatesOf(context.dataKey, domain, { mode: 'siv' });
      return (identifier) => {
        const made = maker.make([identifier]);
        if ('invalid' in made) throw new RecordFailed('identifier_invalid');
        return made.texts[0] ?? '';
      };
    });
  }

  /** Transforms one record. `lines`: a newline in it, outside of strings, is an error. */
  record(bytes: Uint8Array, lines = true): RecordResult {
    try {
      this.#text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return { error: 'encoding', offset: 0 };
    }
    this.#at = 0;
    this.#depth = 0;
    this.#lines = lines;
    try {
      this.#space();
      const made = this.#value(this.#plan.start, '');
      this.#space();
      if (this.#at < this.#text.length) throw new RecordFailed('syntax');
      return made === undefined ? undefined : { text: Buffer.from(made, 'utf8') };
    } catch (error) {
      if (error instanceof RecordFailed) return { error: error.code, offset: this.#at };
      if (error instanceof CallFailed) return { error: 'value_refused', offset: this.#at };
      throw error;
    }
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text.charAt(this.#at)) && !(this.#lines && this.#text[this.#at] === '\n'))
      this.#at++;
  }

  #fail(): never {
    throw new RecordFailed(this.#at >= this.#text.length ? 'truncated' : 'syntax');
  }

  #expect(character: string): void {
    this.#space();
    if (this.#text[this.#at] !== character) this.#fail();
    this.#at++;
  }

  /** Reads what a pattern matches here. */
  #read(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0];
    if (text === undefined) this.#fail();
    this.#at += text.length;
    return text;
  }

  /** @returns the JSON that takes the value's place, or `undefined` where it is dropped */
  #value(place: Place, id: string): string | undefined {
    const first = this.#text[this.#at];
    if (first === '[') return this.#array(place, id);
    if (first === '{') {
      if (place.object === 'walk') return this.#object(place, id);
      if (place.object === 'resource') return this.#resource(place, id);
      this.#skip();
      return place.op.kind === 'constant' ? place.op.json : undefined;
    }
    const raw = this.#scalarText();
    return raw === 'null' ? undefined : this.#scalar(place.op, raw, id);
  }

  #scalarText(): string {
    if (this.#text[this.#at] === '"') return this.#read(STRING);
    return /[tfn]/.test(this.#text.charAt(this.#at)) ? this.#read(LITERAL) : this.#read(NUMBER);
  }

  #scalar(op: Op, raw: string, id: string): string | undefined {
    if (op.kind === 'redact') return undefined;
    if (op.kind === 'keep') return raw;
    if (op.kind === 'constant') return op.json;
    const text = raw.startsWith('"') ? decoded(raw) : raw;
    if (text === '') return undefined;
    const bytes = Buffer.byteLength(text);
    if (bytes > RECORD_LIMITS.valueBytesMax) throw new RecordFailed('identifier_too_long');
    if (op.kind === 'call') return this.#calls[op.call]?.(text, id);
    if (bytes > RECORD_LIMITS.identifierBytesMax) throw new RecordFailed('identifier_too_long');
    if (op.kind === 'siv') return `"${this.#surrogate(op.key, text)}"`;
    if (op.kind !== 'reference') return undefined;
    const parts = splitReference(text).map((part) => {
      if ('plain' in part) return part.plain;
      const key = part.type === '#' ? op.contained : (op.types.get(part.type) ?? op.unknown);
      return this.#surrogate(key, part.id);
    });
    return `"${parts.join('')}"`;
  }

  #surrogate(key: number, identifier: string): string {
    return this.#domains[key]?.(identifier) ?? '';
  }

  #skip(): void {
    const first = this.#text[this.#at];
    if (first !== '{' && first !== '[') {
      this.#scalarText();
      return;
    }
    const close = first === '{' ? '}' : ']';
    this.#enter();
    if (this.#text[this.#at] === close) this.#continues(close);
    else
      do {
        if (close === '}') {
          this.#read(STRING);
          this.#expect(':');
          this.#space();
        }
        this.#skip();
      } while (this.#continues(close));
  }

  #enter(): void {
    this.#at++;
    if (++this.#depth > RECORD_LIMITS.depthMax) throw new RecordFailed('nesting_too_deep');
    this.#space();
  }

  /** Whether another member or element follows; otherwise the closing bracket has been read. */
  #continues(close: string): boolean {
    this.#space();
    if (this.#text[this.#at] === ',') {
      this.#at++;
      this.#space();
      return true;
    }
    this.#expect(close);
    this.#depth--;
    return false;
  }

  #array(place: Place, id: string): string | undefined {
    this.#enter();
    const elements: string[] = [];
    let some = false;
    if (this.#text[this.#at] === ']') this.#continues(']');
    else
      do {
        const isNull = this.#text[this.#at] === 'n';
        const element = this.#value(place, id);
        if (element !== undefined) {
          some = true;
          elements.push(element);
        } else if (place.aligned || (isNull && place.op.kind !== 'redact')) elements.push('null');
      } while (this.#continues(']'));
    return some ? `[${elements.join(',')}]` : undefined;
  }

  #object(place: Place, id: string): string | undefined {
    this.#enter();
    const members: string[] = [];
    let some = false;
    let typed = false;
    const isRoot = this.#roots.has(place);
    if (this.#text[this.#at] === '}') this.#continues('}');
    else
      do {
        const name = this.#read(STRING);
        this.#expect(':');
        this.#space();
        const key = nameOf(name);
        if (isRoot && key === 'resourceType') {
          if (typed) throw new RecordFailed('resource_type_repeated');
          typed = true;
          if (this.#text[this.#at] !== '"') throw new RecordFailed('resource_type_missing');
          members.push(`${name}:${this.#read(STRING)}`);
          continue;
        }
        const member = this.#value(place.members.get(key) ?? this.#plan.otherwise, id);
        if (member === undefined) continue;
        some = true;
        members.push(`${name}:${member}`);
      } while (this.#continues('}'));
    return some ? `{${members.join(',')}}` : undefined;
  }

  #resource(place: Place, id: string): string | undefined {
    const type = this.#member('resourceType');
    if (type === undefined && !this.#plan.reverse) throw new RecordFailed('resource_type_missing');
    const root = (place.contained ? this.#plan.contained : this.#plan.roots).get(type ?? '');
    if (!root && !this.#plan.reverse) throw new RecordFailed('resource_type_unknown');
    if (!root) return this.#object(this.#plan.otherwise, id);
    if (root.object !== 'walk') {
      this.#skip();
      return undefined;
    }
    return this.#object(root, this.#plan.needsId ? (this.#member('id') ?? '') : id);
  }

  /** The string of the first member of a name in the object that begins here, which is read again afterwards. */
  #member(wanted: string): string | undefined {
    const start = this.#at;
    const depth = this.#depth;
    let found: string | undefined;
    this.#at++;
    this.#space();
    if (this.#text[this.#at] !== '}')
      do {
        const name = nameOf(this.#read(STRING));
        this.#expect(':');
        this.#space();
        if (name === wanted && this.#text[this.#at] === '"') {
          found = this.#read(STRING).slice(1, -1);
          break;
        }
        if (name === wanted && wanted === 'resourceType') break;
        this.#skip();
      } while (this.#continues('}'));
    this.#at = start;
    this.#depth = depth;
    return found;
  }
}

/** A member's name. One with half of a surrogate pair is no element's name. */
function nameOf(raw: string): string {
  return JSON.parse(raw);
}

function decoded(raw: string): string {
  const text: string = JSON.parse(raw);
  if (!text.isWellFormed()) throw new RecordFailed('identifier_invalid');
  return text;
}

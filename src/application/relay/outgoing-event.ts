import { rfc3339 } from '../../domain/journal/entry.ts';
import type { OutgoingEvent } from '../../ports/event-sink.ts';
import type { SealedEntry } from '../../ports/log-store.ts';

/** What leaves, and in whose name. */
export interface EventSelection {
  /** CloudEvents' `source`: the origin of the log. */
  readonly source: string;
  /** Types that leave, exact or with `*` at the end. */
  readonly types: readonly string[];
  /** Members left out of bodies, of `transaction` and `detail` alike. */
  readonly fieldsOmitted: readonly string[];
}

/** `"user"` is the last member but one of a canonical body, so the match at its end is the member and no text before it. */
const USER = /"user":("(?:[^"\\]|\\.)*"),"version":\d+\}$/;
const WITHHELD = 'sello.withheld';

/** Makes the form in which entries leave: CloudEvents 1.0 in JSON. */
export class EventForm {
  readonly #source: string;
  readonly #exact: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #omitted: ReadonlySet<string>;
  /** Found in every body that has one of the omitted members; others are not parsed. */
  readonly #marks: readonly string[];
  readonly #omittedJson: string;
  readonly #pages = new WeakMap<
    readonly SealedEntry[],
    { whole?: readonly OutgoingEvent[]; selected?: readonly OutgoingEvent[] }
  >();

  constructor({ source, types, fieldsOmitted }: EventSelection) {
    this.#source = JSON.stringify(source);
    this.#exact = new Set(types.filter((type) => !type.endsWith('*')));
    this.#prefixes = types.filter((type) => type.endsWith('*')).map((type) => type.slice(0, -1));
    this.#omitted = new Set(fieldsOmitted);
    this.#marks = fieldsOmitted.map((field) => `${JSON.stringify(field)}:`);
    this.#omittedJson = JSON.stringify([...fieldsOmitted].sort());
  }

  selects(type: string): boolean {
    return this.#exact.has(type) || this.#prefixes.some((prefix) => type.startsWith(prefix));
  }

  /**
   * Makes the events of a page of entries, once for all sinks that read the same page.
   * @param isWhole whether entries that do not leave are given as markers; else they are left out
   */
  ofPage(entries: readonly SealedEntry[], isWhole: boolean): readonly OutgoingEvent[] {
    const made = this.#pages.get(entries) ?? {};
    this.#pages.set(entries, made);
    const kind = isWhole ? 'whole' : 'selected';
    made[kind] ??= entries.flatMap((entry) => {
      // An erased user's entry has nothing to tell but its hash.
      if (this.selects(entry.type) && entry.body !== '') return [this.of(entry)];
      return isWhole ? [this.withheld(entry)] : [];
    });
    return made[kind];
  }

  of({ index, at, type, body, hash }: SealedEntry): OutgoingEvent {
    const user = USER.exec(body)?.[1];
    if (user === undefined) throw new Error(`entry ${index} of the log has no canonical body`);
    const left = this.#marks.some((mark) => body.includes(mark)) ? this.#without(body) : body;
    const note = left === body ? '' : `,"omitted":${this.#omittedJson}`;
    const json = `{"specversion":"1.0","id":"${index}","source":${this.#source},"type":${JSON.stringify(`sello.${type}`)},"subject":${user},"time":"${rfc3339(at)}","datacontenttype":"application/json","data":{"index":${index},"hash":"${hash}","body":${left}${note}}}`;
    return { index, type: `sello.${type}`, user: JSON.parse(user), at, hash, body: left, json };
  }

  /** Stands in the place of an entry that does not leave. */
  withheld({ index, at, hash }: SealedEntry): OutgoingEvent {
    const json = `{"specversion":"1.0","id":"${index}","source":${this.#source},"type":"${WITHHELD}","time":"${rfc3339(at)}","datacontenttype":"application/json","data":{"index":${index},"hash":"${hash}"}}`;
    return { index, type: WITHHELD, user: undefined, at, hash, body: undefined, json };
  }

  #without(body: string): string {
    const parsed: Record<string, unknown> = JSON.parse(body);
    for (const part of ['transaction', 'detail']) {
      const members = parsed[part];
      if (typeof members !== 'object' || members === null) continue;
      parsed[part] = Object.fromEntries(Object.entries(members).filter(([name]) => !this.#omitted.has(name)));
    }
    const left = JSON.stringify(parsed);
    return left === body ? body : left;
  }
}

// A real store that fails before or after a call when a test asks for it.
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import type { AppendOutcome, Decision, Store, UserId, UserRecord } from '../../../src/ports/store.ts';

type Method = 'append' | 'load' | 'findIdempotencyRecords' | 'findUser';

/** The real store, with faults in front of it and behind it. */
export class FaultyStore {
  /** Each is called once, before the real call: it may throw, wait, or change the store by other means. */
  readonly before: Partial<Record<Method, (() => unknown)[]>> = {};
  /** The same, after the real call: what was done stays done, and the caller does not learn of it. */
  readonly after: Partial<Record<Method, (() => unknown)[]>> = {};
  readonly calls: Record<Method, number> = { append: 0, load: 0, findIdempotencyRecords: 0, findUser: 0 };
  /** The store to hand to the application. */
  readonly store: Store;
  readonly #real: Store;

  constructor(real: Store) {
    this.#real = real;
    const around = {
      append: (decisions: readonly Decision[]): Promise<readonly AppendOutcome[]> =>
        this.#run('append', () => real.append(decisions)),
      load: (ids: readonly UserId[], since: number): Promise<readonly (UserRecord | undefined)[]> =>
        this.#run('load', () => real.load(ids, since)),
      findIdempotencyRecords: (keys: Parameters<Store['findIdempotencyRecords']>[0]) =>
        this.#run('findIdempotencyRecords', () => real.findIdempotencyRecords(keys)),
      findUser: (username: string) => this.#run('findUser', () => real.findUser(username)),
    };
    this.store = new Proxy(this.#real, {
      get: (target, name) => {
        if (Object.hasOwn(around, name)) return around[name as Method];
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** The next calls of the method fail, and nothing is done. */
  failNext(method: Method, times = 1): void {
    for (let n = 0; n < times; n++) this.beforeNext(method, unavailable);
  }

  beforeNext(method: Method, fault: () => unknown): void {
    this.before[method] = [...(this.before[method] ?? []), fault];
  }

  afterNext(method: Method, fault: () => unknown): void {
    this.after[method] = [...(this.after[method] ?? []), fault];
  }

  async #run<T>(method: Method, call: () => Promise<T>): Promise<T> {
    this.calls[method]++;
    await this.before[method]?.shift()?.();
    const result = await call();
    await this.after[method]?.shift()?.();
    return result;
  }
}

export function unavailable(): never {
  throw new StoreUnavailable('the database cannot answer: a test took it away');
}

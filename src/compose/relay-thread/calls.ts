import { StoreUnavailable, VaultUnavailable } from '../../domain/errors.ts';

/** Functions that the other thread may call: what they are given and return is copied. */
export type Functions = Readonly<Record<string, (...given: never[]) => unknown>>;

interface Call {
  readonly name: string;
  readonly given: readonly unknown[];
  /** Undefined: no answer is wanted. */
  readonly id: number | undefined;
}
interface Answer {
  readonly answers: number;
  readonly result?: unknown;
  readonly failure?: { readonly name: string; readonly message: string };
}

/** The way to the other thread. */
interface Port {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: Call | Answer) => void): unknown;
}

/** Calls of functions between two threads, either way. Failures keep their class where callers tell it apart. */
export class Calls<Theirs extends Functions> {
  readonly #port: Port;
  readonly #own: Functions;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(port: Port, own: Functions) {
    this.#port = port;
    this.#own = own;
    port.on('message', (message) => {
      if ('answers' in message) this.#settle(message);
      else void this.#serve(message);
    });
  }

  call<Name extends keyof Theirs & string>(
    name: Name,
    ...given: Parameters<Theirs[Name]>
  ): Promise<Awaited<ReturnType<Theirs[Name]>>> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    const promise = Promise.withResolvers<unknown>();
    this.#pending.set(id, promise);
    this.#port.postMessage({ name, given, id } satisfies Call);
    return promise.promise as Promise<Awaited<ReturnType<Theirs[Name]>>>;
  }

  /** Calls without waiting for an answer. */
  tell<Name extends keyof Theirs & string>(name: Name, ...given: Parameters<Theirs[Name]>): void {
    if (!this.#ended) this.#port.postMessage({ name, given, id: undefined } satisfies Call);
  }

  /** The other thread has ended: what waits for it fails, and so does what comes. */
  end(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  async #serve({ name, given, id }: Call): Promise<void> {
    try {
      const result = await this.#own[name]?.(...(given as never[]));
      if (id !== undefined) this.#port.postMessage({ answers: id, result } satisfies Answer);
    } catch (error) {
      const failure = error instanceof Error ? { name: error.name, message: error.message } : undefined;
      const said = failure ?? { name: 'Error', message: String(error) };
      if (id !== undefined) this.#port.postMessage({ answers: id, failure: said } satisfies Answer);
    }
  }

  #settle({ answers, result, failure }: Answer): void {
    const pending = this.#pending.get(answers);
    this.#pending.delete(answers);
    if (failure) pending?.reject(errorOf(failure));
    else pending?.resolve(result);
  }
}

function errorOf({ name, message }: { readonly name: string; readonly message: string }): Error {
  if (name === 'StoreUnavailable') return new StoreUnavailable(message);
  if (name === 'VaultUnavailable') return new VaultUnavailable(message);
  return new Error(message);
}

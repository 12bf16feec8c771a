import type { DeviceState, DeviceStorage, TokenRecord } from '../../web/src/token/device/storage.ts';

/** Device storage in memory. It copies values, as a database does. */
export class MemoryStorage implements DeviceStorage {
  readonly #state = new Map<string, unknown>();
  readonly #tokens = new Map<string, TokenRecord>();

  get empty(): boolean {
    return this.#state.size === 0 && this.#tokens.size === 0;
  }

  async read<Name extends keyof DeviceState>(name: Name): Promise<DeviceState[Name] | undefined> {
    return structuredClone(this.#state.get(name)) as DeviceState[Name] | undefined;
  }

  async write<Name extends keyof DeviceState>(name: Name, value: DeviceState[Name]): Promise<void> {
    this.#state.set(name, structuredClone(value));
  }

  async change<Name extends keyof DeviceState, Result>(
    name: Name,
    decide: (value: DeviceState[Name] | undefined) => {
      readonly value?: DeviceState[Name];
      readonly result: Result;
    },
  ): Promise<Result> {
    const { value, result } = decide(this.#state.get(name) as DeviceState[Name] | undefined);
    if (value !== undefined) this.#state.set(name, structuredClone(value));
    return result;
  }

  async tokens(): Promise<readonly TokenRecord[]> {
    return structuredClone([...this.#tokens.values()]);
  }

  async putToken(token: TokenRecord): Promise<void> {
    this.#tokens.set(token.id, structuredClone(token));
  }

  async deleteToken(id: string): Promise<void> {
    this.#tokens.delete(id);
  }

  async erase(): Promise<void> {
    this.#state.clear();
    this.#tokens.clear();
  }
}

import type { DeviceState, DeviceStorage, TokenRecord } from './storage.ts';

const NAME = 'sello-token';
const VERSION = 1;

/** Storage in IndexedDB 3.0, which keeps non-extractable keys. */
export class IndexedStorage implements DeviceStorage {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
    // Another page of this browser runs a newer version.
    database.onversionchange = () => database.close();
  }

  static open(): Promise<IndexedStorage> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        request.result.createObjectStore('state');
        request.result.createObjectStore('tokens', { keyPath: 'id' });
      };
      request.onsuccess = () => resolve(new IndexedStorage(request.result));
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error('the database is in use by an older page'));
    });
  }

  read<Name extends keyof DeviceState>(name: Name): Promise<DeviceState[Name] | undefined> {
    return this.#run('state', 'readonly', (state) => state.get(name));
  }

  async write<Name extends keyof DeviceState>(name: Name, value: DeviceState[Name]): Promise<void> {
    await this.#run('state', 'readwrite', (state) => state.put(value, name));
  }

  change<Name extends keyof DeviceState, Result>(
    name: Name,
    decide: (value: DeviceState[Name] | undefined) => {
      readonly value?: DeviceState[Name];
      readonly result: Result;
    },
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const unit = this.#database.transaction('state', 'readwrite', { durability: 'strict' });
      const state = unit.objectStore('state');
      let result: { readonly value: Result } | undefined;
      const request: IDBRequest<DeviceState[Name] | undefined> = state.get(name);
      request.onsuccess = () => {
        const decided = decide(request.result);
        result = { value: decided.result };
        if (decided.value !== undefined) state.put(decided.value, name);
      };
      unit.oncomplete = () => (result ? resolve(result.value) : reject(new Error('nothing was decided')));
      unit.onabort = () => reject(unit.error);
    });
  }

  tokens(): Promise<readonly TokenRecord[]> {
    return this.#run<readonly TokenRecord[]>('tokens', 'readonly', (tokens) => tokens.getAll());
  }

  async putToken(token: TokenRecord): Promise<void> {
    await this.#run('tokens', 'readwrite', (tokens) => tokens.put(token));
  }

  async deleteToken(id: string): Promise<void> {
    await this.#run('tokens', 'readwrite', (tokens) => tokens.delete(id));
  }

  erase(): Promise<void> {
    return new Promise((resolve, reject) => {
      const unit = this.#database.transaction(['state', 'tokens'], 'readwrite', { durability: 'strict' });
      unit.objectStore('state').clear();
      unit.objectStore('tokens').clear();
      unit.oncomplete = () => resolve();
      unit.onabort = () => reject(unit.error);
    });
  }

  #run<Result>(
    store: 'state' | 'tokens',
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const unit = this.#database.transaction(store, mode, { durability: 'strict' });
      const request = act(unit.objectStore(store));
      unit.oncomplete = () => resolve(request.result);
      unit.onabort = () => reject(unit.error);
    });
  }
}

import type { Lock } from '../keyring/keyring.ts';
import type { ClockOffset } from '../server/clock-offset.ts';
import type { FeedView } from './pending-feed.ts';
import type { TokenRecord } from './storage.ts';

/** What the pages show. Replaced at each change. */
export interface DeviceView {
  readonly phase: 'new' | 'locked' | 'open';
  readonly locks: readonly Lock['kind'][];
  /** `waitUntilMs` is by this device's clock; 0 means no wait. */
  readonly attempts: { readonly left: number; readonly waitUntilMs: number };
  readonly tokens: readonly TokenRecord[];
  readonly feeds: readonly FeedView[];
  readonly offset: ClockOffset | undefined;
  /** The seeds were erased after too many wrong PINs. */
  readonly erased: boolean;
}

/** Holds the current view and tells listeners of each change. */
export class ViewStore {
  readonly #listeners = new Set<() => void>();
  #view: DeviceView = {
    ...{ phase: 'new', locks: [], tokens: [], feeds: [], offset: undefined, erased: false },
    attempts: { left: 0, waitUntilMs: 0 },
  };

  get view(): DeviceView {
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change(part: Partial<DeviceView>): void {
    this.#view = { ...this.#view, ...part };
    for (const listener of this.#listeners) listener();
  }
}

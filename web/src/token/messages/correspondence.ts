import type { IdentityKeys } from '../../../../src/client/messages/identity-keys.ts';
import type { Pin } from '../../../../src/client/messages/pinned-keys.ts';

/** What this device keeps of one user's messages. The private keys cannot be taken out of the browser. */
export interface UserCorrespondence {
  /** The keys that were made on this device and enrolled; undefined: none yet. */
  readonly keys?: IdentityKeys;
  /** What was seen of others first, by user name. */
  readonly pins: Readonly<Record<string, Pin>>;
}

/** By user name. */
export type Correspondence = Readonly<Record<string, UserCorrespondence>>;

export const NO_CORRESPONDENCE: UserCorrespondence = { pins: {} };

/** @param username any text: `__proto__` as well */
export function correspondenceOf(all: Correspondence | undefined, username: string): UserCorrespondence {
  return (all && Object.hasOwn(all, username) ? all[username] : undefined) ?? NO_CORRESPONDENCE;
}

/** Replaces what is kept of one user. */
export function withCorrespondence(
  all: Correspondence | undefined,
  username: string,
  kept: UserCorrespondence,
): Correspondence {
  return Object.fromEntries([
    ...Object.entries(all ?? {}).filter(([name]) => name !== username),
    [username, kept],
  ]);
}

export function pinFor({ pins }: UserCorrespondence, name: string): Pin | undefined {
  return Object.hasOwn(pins, name) ? pins[name] : undefined;
}

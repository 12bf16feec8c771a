import type { Correspondent } from './identity-keys.ts';

/** What was seen of somebody's keys first. Kept on the device. */
export interface Pin {
  readonly signKey: string;
  readonly sealKey: string;
  /** ms since 1970 */
  readonly firstSeenAt: number;
  /** Whether the user has compared the safety number with the person. */
  readonly compared: boolean;
}

/**
 * `first`: nothing was seen before, and this is kept. `same`: as before. `changed`: other keys than those seen before, which
 * is what a server that reads along would show: nothing may be sealed or believed until the user says so.
 */
export type PinVerdict = 'first' | 'same' | 'changed';

export function judgePin(pin: Pin | undefined, { signKey, sealKey }: Correspondent): PinVerdict {
  if (!pin) return 'first';
  return pin.signKey === signKey && pin.sealKey === sealKey ? 'same' : 'changed';
}

export function pinOf({ signKey, sealKey }: Correspondent, now: number, compared = false): Pin {
  return { signKey, sealKey, firstSeenAt: now, compared };
}

import type { HmacAlgorithm } from '../../../../src/domain/otp/hmac.ts';
import type { PinAttempts } from '../keyring/attempts.ts';
import type { Keyring } from '../keyring/keyring.ts';
import type { Sealed } from '../keyring/sealed.ts';
import type { Correspondence } from '../messages/correspondence.ts';
import type { ClockOffset } from '../server/clock-offset.ts';

/** A virtual token at rest. Its seeds and session secret are sealed under keys that are not stored here. */
export interface TokenRecord {
  /** The server's id of the token, or of the pair if there are two. */
  readonly id: string;
  readonly username: string;
  /** The user's name for the token on this device. Renaming does not tell the server. */
  readonly label: string;
  readonly enrolledAtMs: number;
  /** `pending` until the server has accepted a first code; `ended` once it was revoked there. */
  readonly status: 'pending' | 'active' | 'ended';
  /** Plain codes, for logging in. */
  readonly codes?: {
    readonly id: string;
    readonly algorithm: HmacAlgorithm;
    readonly digits: number;
    readonly periodS: number;
    readonly seed: Sealed;
  };
  /** Bound codes, for approving. */
  readonly approvals?: {
    readonly id: string;
    /** The question that the first code answers (hex). */
    readonly activationQuestion: string;
    readonly seed: Sealed;
  };
  /** The secret of the session with the server. */
  readonly session: Sealed;
}

/** Values that the device stores beside its tokens, by name. */
export interface DeviceState {
  readonly keyring: Keyring;
  readonly attempts: PinAttempts;
  readonly offset: ClockOffset;
  readonly correspondence: Correspondence;
}

/** Storage of the device. Each write is durable when its promise resolves. */
export interface DeviceStorage {
  read<Name extends keyof DeviceState>(name: Name): Promise<DeviceState[Name] | undefined>;
  write<Name extends keyof DeviceState>(name: Name, value: DeviceState[Name]): Promise<void>;
  /** Reads, decides and writes atomically, also against other pages of this browser. */
  change<Name extends keyof DeviceState, Result>(
    name: Name,
    decide: (value: DeviceState[Name] | undefined) => {
      readonly value?: DeviceState[Name];
      readonly result: Result;
    },
  ): Promise<Result>;
  tokens(): Promise<readonly TokenRecord[]>;
  putToken(token: TokenRecord): Promise<void>;
  deleteToken(id: string): Promise<void>;
  /** Erases everything atomically. */
  erase(): Promise<void>;
}

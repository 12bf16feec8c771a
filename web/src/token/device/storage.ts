import type { HmacAlgorithm } from '../../../../src/domain/otp/hmac.ts';
import type { PinAttempts } from '../keyring/attempts.ts';
import type { Keyring } from '../keyring/keyring.ts';
import type { Sealed } from '../keyring/sealed.ts';
import type { ClockOffset } from '../server/clock-offset.ts';

/** A virtual token as it rests on the device. Seeds and the session's secret are sealed; nothing here opens them. */
export interface TokenRecord {
  /** The server's id of the token; of the pair, where there are two. */
  readonly id: string;
  readonly username: string;
  /** What the user calls it here; it is told to nobody. */
  readonly label: string;
  readonly enrolledAtMs: number;
  /** `pending` until the server has seen a first code; `ended` when it was revoked there. */
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
    /** What the first code answers (hex). */
    readonly activationQuestion: string;
    readonly seed: Sealed;
  };
  /** What talks to the server. */
  readonly session: Sealed;
}

/** What the device keeps beside its tokens, by name. */
export interface DeviceState {
  readonly keyring: Keyring;
  readonly attempts: PinAttempts;
  readonly offset: ClockOffset;
}

/** Where it is kept. Each write is on the disk when its promise resolves. */
export interface DeviceStorage {
  read<Name extends keyof DeviceState>(name: Name): Promise<DeviceState[Name] | undefined>;
  write<Name extends keyof DeviceState>(name: Name, value: DeviceState[Name]): Promise<void>;
  /** Reads, decides and writes as one, whatever other pages of this browser do. */
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
  /** Everything, at once. */
  erase(): Promise<void>;
}

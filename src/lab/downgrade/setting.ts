import type { LabConnection } from '../connection.ts';
import type { ThrowawayUser } from '../throwaway-user.ts';
import type { Trial } from '../trial.ts';

/** What the steps of a downgrade share: a logged-in user with tokens. */
export interface Setting {
  readonly trial: Trial;
  readonly user: ThrowawayUser;
  readonly connection: LabConnection;
}

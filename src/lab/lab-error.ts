export type LabRefusal =
  /** The lab attacks this machine alone. */
  | 'not_loopback'
  | 'host_unknown'
  /** Another server than the one whose data folder this is. */
  | 'certificate_other'
  /** The configuration says `lab_allowed: false`. */
  | 'not_allowed'
  /** What an attack needs first (a user, a token) could not be made. */
  | 'setup_failed';

/** The attack was not tried, or could not go on: this says nothing about whether the server holds. */
export class LabRefused extends Error {
  override name = 'LabRefused';
  readonly reason: LabRefusal;

  constructor(reason: LabRefusal, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** The server went away, or fell silent, in the middle of what must work: it has not held. */
export class ServerLost extends Error {
  override name = 'ServerLost';
}

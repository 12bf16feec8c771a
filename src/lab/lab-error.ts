export type LabRefusal =
  /** The target is not this machine. */
  | 'not_loopback'
  | 'host_unknown'
  /** The server at the target is not the one of the data folder. */
  | 'certificate_other'
  /** The configuration says `lab_allowed: false`. */
  | 'not_allowed'
  /** The user, token or connection that an attack needs could not be made. */
  | 'setup_failed';

/** The attack was not tried or could not continue. Says nothing about the server. */
export class LabRefused extends Error {
  override name = 'LabRefused';
  readonly reason: LabRefusal;

  constructor(reason: LabRefusal, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** The server went away or fell silent during what must work: it has not held. */
export class ServerLost extends Error {
  override name = 'ServerLost';
}

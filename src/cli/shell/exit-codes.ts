/** The exit codes of all commands. `sello --help` and docs/commands.md list them. */
export const EXIT = {
  done: 0,
  /** The request was refused, or a check failed. */
  refused: 1,
  /** A flag, an argument or the configuration is wrong: nothing was done. */
  usage: 2,
  /** A server, the database or the key vault cannot be reached or is in use; the same command may succeed later. */
  unavailable: 3,
  /** A mistake in Sello itself. */
  broken: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

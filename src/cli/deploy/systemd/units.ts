import type { DeploymentFile } from '../deployment-file.ts';
import { shippedFile } from '../shipped-file.ts';

export interface SystemdOptions {
  /** A system user without a shell. */
  readonly user: string;
  /** Where Sello is installed: the folder that contains `bin/sello`. */
  readonly folder: string;
}

/**
 * The units of `deploy/systemd` for that user and folder: `sello@NAME` is a server, and two names (`blue`, `green`) let
 * one machine upgrade without a stop; `sello-vault` is the vault's process. For systemd 252 or later.
 *
 * Why: docs/DECISIONS.md#a-refused-pin-is-not-retried
 */
export function systemdUnits({ user, folder }: SystemdOptions): readonly DeploymentFile[] {
  return ['sello@.service', 'sello-vault.service'].map((name) => ({
    name,
    content: shippedFile(`systemd/${name}`)
      .replaceAll('/opt/sello', folder)
      .replace(/^(User|Group)=sello$/gm, `$1=${user}`),
  }));
}

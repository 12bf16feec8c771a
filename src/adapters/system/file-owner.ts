import { chownSync, statSync } from 'node:fs';

/**
 * Gives a file to the owner of another file or folder. Where root runs a command on the folder of a service, what it made
 * would otherwise stop the service, which cannot open it. Does nothing for any other user, who could not.
 */
export function giveToOwnerOf(reference: string, path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(reference);
  if (uid !== 0) chownSync(path, uid, gid);
}

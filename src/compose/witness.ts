import { mkdir } from 'node:fs/promises';
import { systemClock } from '../adapters/system/clock.ts';
import { makeWitnessKey, readWitnessKey, WitnessFolder } from '../adapters/witness-folder/witness-folder.ts';
import { Witness } from '../application/witness/witness.ts';
import { StartRefused } from '../domain/errors.ts';
import { isKeyName } from '../domain/log/signed-note.ts';
import { formatVerifierKey, type VerifierKey } from '../domain/log/verifier-key.ts';
import type { Logger } from '../ports/logger.ts';
import { startWitnessServer, type WitnessServer } from '../wire/witness/server.ts';

/** @returns the verifier key's text @throws StartRefused */
export async function witnessKeyText(folder: string, name: string | undefined): Promise<string> {
  if (name !== undefined && !isKeyName(name)) throw new StartRefused('--name: no spaces and no plus');
  if (name !== undefined) await mkdir(folder, { recursive: true, mode: 0o700 });
  const { key } = name === undefined ? await readWitnessKey(folder) : await makeWitnessKey(folder, name);
  return formatVerifierKey(key);
}

/** @throws StartRefused */
export async function startWitness({
  folder,
  logs,
  host,
  port,
  logger,
}: {
  readonly folder: string;
  readonly logs: readonly VerifierKey[];
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
}): Promise<WitnessServer & { readonly vkey: string }> {
  const { key, sign } = await readWitnessKey(folder);
  const memory = new WitnessFolder(folder);
  // A damaged file stops the start, not the first request.
  for (const { name } of logs) await memory.find(name);
  const witness = new Witness({ key, sign, logs, memory, clock: systemClock });
  const server = await startWitnessServer({ witness, host, port, logger });
  return { ...server, vkey: formatVerifierKey(key) };
}

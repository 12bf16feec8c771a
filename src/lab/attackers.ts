import { isIPv4 } from 'node:net';
import { LabConnection, type Reply } from './connection.ts';
import type { SocketOptions } from './endpoint.ts';
import { LabRefused } from './lab-error.ts';
import type { Target } from './target.ts';
import type { Trial } from './trial.ts';

/**
 * A loopback address for the attacker alone, so that limits per address do not affect the person who runs the lab.
 * @returns `undefined` when the system has only one loopback address
 */
export function attackerAddress(target: Target): string | undefined {
  if (process.platform !== 'linux' || !isIPv4(target.endpoint.host)) return undefined;
  const byte = () => 1 + Math.floor(Math.random() * 253);
  return `127.${byte()}.${byte()}.${byte()}`;
}

/** Opens one connection from an attacker's address, and closes it when the trial ends. */
export function openAttacker(trial: Trial): Promise<LabConnection> {
  return trial.keep(LabConnection.open(trial.target.endpoint, { from: attackerAddress(trial.target) }));
}

const OPENED_AT_ONCE = 64;

/** These errors mean that this machine lacks files or ports. They say nothing about the server. */
const OWN_FAILINGS = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'EADDRINUSE', 'ENOBUFS']);

function leftOut(error: Error & { readonly code?: string }): undefined {
  if (!OWN_FAILINGS.has(error.code ?? '')) return undefined;
  throw new LabRefused('setup_failed', `connections of this machine: ${error.code}`);
}

/** Opens many connections. Leaves out those that are refused below the protocol. @throws LabRefused */
export async function openMany(
  target: Target,
  count: number,
  options: SocketOptions = {},
): Promise<LabConnection[]> {
  const opened: LabConnection[] = [];
  for (let done = 0; done < count; done += OPENED_AT_ONCE) {
    const some = Array.from({ length: Math.min(OPENED_AT_ONCE, count - done) }, () =>
      LabConnection.open(target.endpoint, options).catch(leftOut),
    );
    for (const connection of await Promise.all(some)) if (connection) opened.push(connection);
  }
  return opened;
}

/** Counts replies by outcome: `locked 3, OK 1`. */
export function repliesByReason(replies: readonly Reply[]): string {
  const counts = new Map<string, number>();
  for (const { kind, error, status } of replies) {
    const name = kind === 'answer' ? (error ?? status ?? '?') : kind;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || '-';
}

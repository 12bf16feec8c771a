import { createHmac } from 'node:crypto';
import { equalConstantTime } from '../../domain/constant-time.ts';
import { VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { Asker } from '../lockout/attempt-by.ts';
import type { Session } from './session.ts';

const ID_LENGTH = 16;

type Device = Asker & { readonly by: 'device' };

/** User, id of the device, whether it has shown a second factor, end in ms since 1970 (base 36); MAC. */
const FORM = /^(([1-9a-z][0-9a-z]{0,10})\.([0-9a-f]{16})\.([01])\.([0-9a-z]{1,11}))\.([A-Za-z0-9_-]{43})$/;

/**
 * Makes the value by which a browser is known at its user's next log-in (a device cookie, OWASP): strangers' wrong attempts do
 * not lock it. It opens nothing, and no row is kept of it.
 * @param before the browser's value until now: a device keeps its id, and with it its count
 * @throws VaultUnavailable
 *
 * Why: docs/DECISIONS.md#a-device-cookie-keeps-a-known-browser-apart-from-strangers
 */
export async function makeKnownDevice(
  context: Context,
  session: Session,
  before: string | undefined,
): Promise<{ readonly value: string; readonly expiresAt: number }> {
  const known = await readKnownDevice(context, session.userId, before);
  // Named by the session that made it known, so that a repeated log-in answers the same.
  const id = known?.id ?? session.sessionId.slice(0, ID_LENGTH);
  const isProven = known?.isProven === true || session.proof === 'second_factor';
  const expiresAt = session.expiresAt + LIMITS.knownDeviceTimeMs;
  const said = `${session.userId.toString(36)}.${id}.${isProven ? 1 : 0}.${expiresAt.toString(36)}`;
  const [mac] = await macsOf(context, said);
  return { value: `${said}.${mac}`, expiresAt };
}

/** @returns the device that a value names; undefined where it is another user's, has expired, was not made here, or no vault can tell */
export async function readKnownDevice(
  context: Context,
  userId: UserId,
  value: string | undefined,
): Promise<Device | undefined> {
  const [, said, owner, id, proof, expiresAt, mac] = FORM.exec(value ?? '') ?? [];
  if (!said || !id || !expiresAt || !mac) return undefined;
  if (owner !== userId.toString(36) || Number.parseInt(expiresAt, 36) <= context.decider.now())
    return undefined;
  try {
    const macs = await macsOf(context, said);
    if (!macs.some((each) => equalConstantTime(mac, each))) return undefined;
  } catch (error) {
    if (error instanceof VaultUnavailable) return undefined;
    throw error;
  }
  return { by: 'device', id, isProven: proof === '1' };
}

/** Under each key that is good, the newest first. */
async function macsOf({ vault }: Context, said: string): Promise<readonly string[]> {
  const keys = await vault.deriveKeys('session', 'known-device');
  return keys.map(({ key }) => createHmac('sha256', key).update(said).digest('base64url'));
}

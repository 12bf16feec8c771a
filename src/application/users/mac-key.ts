import { hash } from 'node:crypto';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { macKeyOwner } from '../keys/key-owner.ts';

/** The protocol's MAC key, SHA-256 of the password in UTF-8, wrapped for its user as the store keeps it. */
export async function wrapMacKey(context: Context, userId: UserId, password: string): Promise<string> {
  const key = hash('sha256', Buffer.from(password, 'utf8'), 'buffer');
  const [macKey] = await context.vault.wrap([{ owner: macKeyOwner(userId), key }]);
  key.fill(0);
  if (macKey === undefined) throw new Error('the vault wrapped no key');
  return macKey;
}

import type { UserId } from '../../ports/store.ts';

/** Names the owner that a user's MAC key is wrapped for; the vault opens a wrapped key for its owner alone. */
export function macKeyOwner(userId: UserId): string {
  return `mac/${userId}`;
}

/** Names the owner that the seed of a user's token is wrapped for. */
export function seedOwner(userId: UserId, tokenId: string): string {
  return `seed/${userId}/${tokenId}`;
}

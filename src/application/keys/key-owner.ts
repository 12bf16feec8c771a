import type { UserId } from '../../ports/store.ts';

/** Names the owner of a user's MAC key. The vault opens a wrapped key for its owner alone. */
export function macKeyOwner(userId: UserId): string {
  return `mac/${userId}`;
}

/** Names the owner of the seed of a version of a dataset. @param id its name, a slash and the version */
export function datasetOwner(id: string): string {
  return `dataset/${id}`;
}

/** Names the owner of the seed of a user's token. */
export function seedOwner(userId: UserId, tokenId: string): string {
  return `seed/${userId}/${tokenId}`;
}

/** Names the owner of the key that a webhook's secret is derived from. */
export function webhookSecretOwner(secretId: string): string {
  return `webhook/${secretId}`;
}

/** Names the owner of a user's private key for messages, by what it is for. */
export function identityKeyOwner(userId: UserId, purpose: 'sign' | 'seal'): string {
  return `identity-${purpose}/${userId}`;
}

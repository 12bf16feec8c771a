/** The HSM failed and did not recover at once. */
export class HsmDown extends Error {
  override name = 'HsmDown';
}

/** The HSM answers but no longer shows its keys: some libraries show an unplugged slot as an empty one. */
export class KeysGone extends Error {
  override name = 'KeysGone';
}

/** The library shows no initialised slot: its HSM is absent. */
export class NoSlots extends Error {
  override name = 'NoSlots';
}

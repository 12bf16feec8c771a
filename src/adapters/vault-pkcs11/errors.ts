/** The HSM failed and could not be opened anew at once. */
export class HsmDown extends Error {
  override name = 'HsmDown';
}

/** The HSM answers and no longer has the keys that it had: some libraries show a slot that was unplugged as an empty one. */
export class KeysGone extends Error {
  override name = 'KeysGone';
}

/** The library shows no slot that was initialised: it is there without its HSM. */
export class NoSlots extends Error {
  override name = 'NoSlots';
}

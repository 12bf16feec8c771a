import type { Limits } from '../../limits.ts';

/** The bounds of the vault's listener; tests cross them at smaller values. */
export type VaultListenerLimits = Pick<
  Limits,
  | 'vaultConnectionsMax'
  | 'vaultConnectionsPerCallerMax'
  | 'vaultHandshakesMax'
  | 'vaultKnownHandshakesMax'
  | 'vaultKnownAddressesMax'
  | 'vaultHandshakeTimeMs'
  | 'vaultRequestBytesMax'
  | 'vaultFrameTimeMs'
  | 'vaultCallsPerConnectionMax'
  | 'vaultItemsUnderWayMax'
  | 'vaultUnreadBytesMax'
  | 'vaultHeldBytesMax'
  | 'slowReaderTimeMs'
>;

/*
 * Wires the program. Only this file and src/compose import adapters; everything else gets what it needs from here.
 *
 * startServer opens an application and listens (server.ts); openApplication opens the adapters that the configuration
 * names (parts.ts), makes the context of the use cases (context.ts) and starts the background work (application.ts).
 */
export { ArchiveFolder } from './adapters/archive-folder/archive-folder.ts';
export { openSqliteReader, type SqliteReader } from './adapters/sqlite/reader.ts';
export { giveToOwnerOf } from './adapters/system/file-owner.ts';
export { sealedPublicKeys } from './adapters/vault-file/open-file-vault.ts';
export { type Application, openApplication } from './compose/application.ts';
export { openAuditReader } from './compose/audit-reader.ts';
export { type HsmFindings, probeHsm } from './compose/hsm.ts';
export { archivePath, isPostgres, passphrasePath, storePath, vaultPath } from './compose/paths.ts';
export { type RunningRelayServer, readRelayStatus, startRelayServer } from './compose/relay-server.ts';
export { type RunningSealer, startSealer } from './compose/sealer-server.ts';
export { type RunningServer, startServer } from './compose/server.ts';
export { migrateStore } from './compose/store.ts';
export { changeVaultPassphrase } from './compose/vault-passphrase.ts';
export { type RunningVaultServer, startVaultServer } from './compose/vault-server.ts';
export { startWitness, witnessKeyText } from './compose/witness.ts';

import { Errors } from 'typebox/schema';
import { type Refusal, refuse } from '../domain/errors.ts';
import { auditArchive } from './operations/archive.ts';
import { backup } from './operations/backup.ts';
import { backupSign } from './operations/backup-signature.ts';
import {
  datasetCreate,
  datasetDestroy,
  datasetKey,
  datasetList,
  datasetRotate,
} from './operations/datasets.ts';
import { identityRevoke, identityVerify } from './operations/identities.ts';
import { keysList, keysRotate } from './operations/keys.ts';
import type { Operation, OperationTarget } from './operations/operation.ts';
import { relayRewind, relayStatus } from './operations/relay.ts';
import {
  serviceCreate,
  serviceDisable,
  serviceEnable,
  serviceList,
  serviceRotate,
  serviceScopes,
  serviceSigningKey,
} from './operations/services.ts';
import { status } from './operations/status.ts';
import {
  tokenActivate,
  tokenEnrol,
  tokenList,
  tokenRecoveryCodes,
  tokenResync,
  tokenRevoke,
} from './operations/tokens.ts';
import {
  userCreate,
  userDisable,
  userEnable,
  userErase,
  userList,
  userPassword,
  userRemove,
  userUnlock,
} from './operations/users.ts';
import {
  webhookChange,
  webhookCreate,
  webhookDelete,
  webhookDeliveries,
  webhookList,
  webhookReplay,
  webhookRetry,
  webhookRotate,
  webhookTest,
} from './operations/webhooks.ts';

/** The operations on a running server, or on its data folder while none runs: the same code either way. */
export const OPERATIONS = {
  'user.create': userCreate,
  'user.list': userList,
  'user.disable': userDisable,
  'user.enable': userEnable,
  'user.unlock': userUnlock,
  'user.password': userPassword,
  'user.remove': userRemove,
  'user.erase': userErase,
  'token.enrol': tokenEnrol,
  'token.activate': tokenActivate,
  'token.list': tokenList,
  'token.revoke': tokenRevoke,
  'token.resync': tokenResync,
  'token.recovery_codes': tokenRecoveryCodes,
  'service.create': serviceCreate,
  'service.rotate': serviceRotate,
  'service.scopes': serviceScopes,
  'service.signing_key': serviceSigningKey,
  'service.list': serviceList,
  'service.disable': serviceDisable,
  'service.enable': serviceEnable,
  'identity.verify': identityVerify,
  'identity.revoke': identityRevoke,
  'webhook.create': webhookCreate,
  'webhook.list': webhookList,
  'webhook.change': webhookChange,
  'webhook.delete': webhookDelete,
  'webhook.rotate': webhookRotate,
  'webhook.test': webhookTest,
  'webhook.replay': webhookReplay,
  'webhook.retry': webhookRetry,
  'webhook.deliveries': webhookDeliveries,
  'dataset.create': datasetCreate,
  'dataset.list': datasetList,
  'dataset.rotate': datasetRotate,
  'dataset.destroy': datasetDestroy,
  'dataset.key': datasetKey,
  'keys.rotate': keysRotate,
  'keys.list': keysList,
  'audit.archive': auditArchive,
  'relay.status': relayStatus,
  'relay.rewind': relayRewind,
  backup,
  'backup.sign': backupSign,
  status,
} as const;

export type OperationName = keyof typeof OPERATIONS;
export type OperationArguments<Name extends OperationName> = Parameters<(typeof OPERATIONS)[Name]['run']>[1];
export type OperationResult<Name extends OperationName> = Exclude<
  Awaited<ReturnType<(typeof OPERATIONS)[Name]['run']>>,
  Refusal
>;

/** Runs an operation. Name and arguments may come from outside: a refusal names what does not fit. `cancelled` ends long ones. */
export async function runOperation(
  target: OperationTarget,
  name: string,
  given: unknown,
  cancelled?: AbortSignal,
): Promise<unknown> {
  if (!Object.hasOwn(OPERATIONS, name)) return refuse('action_unknown', { detail: name.slice(0, 64) });
  const { parameters, run } = OPERATIONS[name as OperationName] as Operation;
  const [error] = Errors(parameters, given)[1];
  if (error) return refuse('message_invalid', { detail: `${error.instancePath || name}: ${error.message}` });
  return run(target, given, cancelled);
}

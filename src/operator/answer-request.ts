import { isRefusal, type Refusal, refuse, StoreUnavailable, VaultUnavailable } from '../domain/errors.ts';
import type { OperationTarget } from './operations/operation.ts';
import { runOperation } from './operations.ts';
import type { OperatorAnswer, OperatorRequest } from './socket-protocol.ts';

export interface OperatorLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Runs the operation that one line of the operator's socket asks for, and logs it. Never throws. `cancelled` ends long ones. */
export async function answerRequest(
  line: string,
  target: OperationTarget,
  log: OperatorLog,
  cancelled?: AbortSignal,
): Promise<OperatorAnswer> {
  const request = readRequest(line);
  if (isRefusal(request)) return { ok: false, ...request };
  try {
    const result = await runOperation(target, request.command, request.arguments, cancelled);
    if (request.command !== 'status')
      log.info(
        { command: request.command, refused: isRefusal(result) ? result.refused : undefined },
        'operator',
      );
    return isRefusal(result) ? { ok: false, ...result } : { ok: true, result };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.error({ command: request.command, reason }, 'operator');
    const known = error instanceof StoreUnavailable || error instanceof VaultUnavailable;
    return {
      ok: false,
      ...refuse('unavailable', { detail: known ? reason : 'see the log', retryAfterMs: 1_000 }),
    };
  }
}

function readRequest(line: string): OperatorRequest | Refusal {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    return refuse('json_invalid');
  }
  if (
    typeof request !== 'object' ||
    request === null ||
    !('command' in request) ||
    typeof request.command !== 'string'
  ) {
    return refuse('message_invalid', { detail: 'command' });
  }
  return { command: request.command, arguments: 'arguments' in request ? request.arguments : {} };
}

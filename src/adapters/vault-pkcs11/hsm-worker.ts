import { parentPort, workerData } from 'node:worker_threads';
import { PinRefused, StartRefused } from '../../domain/errors.ts';
import { HsmDown, NoSlots } from './errors.ts';
import { Hsm } from './hsm.ts';
import { OPERATIONS } from './operations.ts';
import type {
  Answer,
  Call,
  FailureKind,
  OperationName,
  Operations,
  ThreadSettings,
} from './thread-messages.ts';

// The thread that calls the HSM, one synchronous call after the other. src/adapters/vault-pkcs11/hsm-thread.ts is the main thread's side.

const { address, pin, sessionKeysMax, progress, libraryUsers }: ThreadSettings = workerData;
const hsm = new Hsm({
  address,
  pin,
  sessionKeysMax,
  reportProgress: () => Atomics.add(progress, 0, 1),
  isOnlyLibraryUser: () => Atomics.load(libraryUsers, 0) === 1,
});

parentPort?.on('message', (call: Call) => {
  const answer = answerTo(call);
  parentPort?.postMessage(answer, transferred(answer));
  Atomics.add(progress, 0, 1);
  // The sessions are closed, so no call follows.
  if (call.name === 'close') parentPort?.close();
});

function answerTo({ id, name, given }: Call): Answer {
  try {
    return { id, result: perform(name, given), healed: hsm.takeHealed() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const kind = kindOf(error);
    return {
      id,
      failure: kind,
      message: kind === 'defect' && error instanceof Error ? (error.stack ?? message) : message,
    };
  }
}

function perform<Name extends OperationName>(name: Name, given: Operations[Name]['given']): unknown {
  return OPERATIONS[name](hsm, given);
}

function kindOf(error: unknown): FailureKind {
  if (error instanceof HsmDown || error instanceof NoSlots) return 'down';
  if (error instanceof PinRefused) return 'pin';
  if (error instanceof StartRefused) return 'start';
  return error instanceof RangeError ? 'range' : 'defect';
}

/** Blocks of bytes are transferred, not copied, so that no copy of a key stays in this thread. */
function transferred(answer: Answer): ArrayBuffer[] {
  if (!('result' in answer) || typeof answer.result !== 'object' || answer.result === null) return [];
  return 'bytes' in answer.result && answer.result.bytes instanceof Uint8Array
    ? [answer.result.bytes.buffer as ArrayBuffer]
    : [];
}

import type { Reply } from '../connection.ts';
import type { AttackOptions, Target } from '../target.ts';
import { runTrial } from '../trial.ts';
import type { Verdict } from '../verdict.ts';
import type { Setting } from './attempt.ts';
import { changeBoundCodes } from './bound-code-changes.ts';
import { changeMacs } from './mac-changes.ts';
import { ManInTheMiddle, type PassedTransaction } from './proxy.ts';
import { DEFAULT_CHANGES, type TransferChange } from './transfer-change.ts';

export interface MitmOptions extends AttackOptions {
  /** The changes to `data`; by default payee, payer and amount, one after the other. */
  readonly changes?: readonly TransferChange[];
  /** The proxy's port; by default 0, a free one. */
  readonly port?: number;
}

/**
 * A man in the middle changes transactions on their way: payee, payer, amount, nonce. He strips the MAC, computes another
 * with his own key, and moves a bound code to another transfer. Only the unchanged transactions may pass.
 */
export function mitm(target: Target, options: MitmOptions = {}): Promise<Verdict> {
  return runTrial('mitm', target, options, async (trial) => {
    const answers: { readonly passed: PassedTransaction; readonly reply: Reply }[] = [];
    const proxy = await ManInTheMiddle.start(target.endpoint, {
      port: options.port ?? 0,
      onAnswer: (passed, reply) => answers.push({ passed, reply }),
    });
    trial.atEnd(() => proxy.stop());
    const user = await trial.user({ tokens: true });
    const connection = await trial.keep(user.logIn(proxy.endpoint));
    const setting: Setting = { trial, proxy, user, connection, answers };
    const changes = options.changes ?? DEFAULT_CHANGES;
    await changeMacs(setting, changes);
    await changeBoundCodes(setting, changes);
  });
}

import { text } from '../../language/text.ts';
import { isRefused } from '../connection.ts';
import { takeNonce } from '../nonces.ts';
import { NO_EXACT_TRANSFER, partOf, transferNeeding } from '../transfers.ts';
import { pass, refuse, type Setting } from './attempt.ts';
import { changing, PARTS_ES, type TransferChange } from './transfer-change.ts';

/** Moves the bound code of one transfer to another: each changed part must make the code wrong. */
export async function changeBoundCodes(setting: Setting, changes: readonly TransferChange[]): Promise<void> {
  const { trial, user, connection } = setting;
  const data = transferNeeding(trial.target.config, 'bound_code');
  if (data === undefined) {
    trial.skip(
      'bound_code',
      text('changes to a bound code', 'cambios a un código ligado'),
      NO_EXACT_TRANSFER,
    );
    return;
  }
  const honest = async () => {
    const nonce = await takeNonce(connection);
    return { accion: 'transaccion', data, nonce, codigo: user.boundCode(data, nonce) };
  };
  await pass(setting, {
    id: 'bound_unchanged',
    what: text('a bound code, passed on unchanged', 'un código ligado, se deja pasar sin cambios'),
    message: await honest(),
    tamper: undefined,
  });
  for (const change of changes) {
    const moved = change.part === 'amount' ? { ...change, value: increased(data) } : change;
    await refuse(setting, {
      id: `bound_${change.part}_changed`,
      what: text(
        `a bound code moved to another transfer: ${change.part} ${moved.value}`,
        `un código ligado llevado a otra transferencia: ${PARTS_ES[change.part]} ${moved.value}`,
      ),
      message: await honest(),
      tamper: changing(moved),
      expected: text(
        'refused: code_wrong (or locked, after several), and on record',
        'rechazada: code_wrong (o locked, tras varias), y anotado',
      ),
      isHeld: (reply) => isRefused(reply, 'code_wrong', 'locked'),
    });
  }
}

function increased(data: string): string {
  return String(Number(partOf(data, 'amount')) * 10);
}

import { createHmac } from 'node:crypto';
import { text } from '../../language/text.ts';
import { isFlagged, isRefused } from '../connection.ts';
import { takeNonce } from '../nonces.ts';
import { changed, NO_EXACT_TRANSFER, transferNeeding } from '../transfers.ts';
import { pass, refuse, type Setting } from './attempt.ts';
import type { Message } from './proxy.ts';
import { changeText, changing, type TransferChange } from './transfer-change.ts';

const FLAGGED = text(
  'POSIBLE ATAQUE, mac_mismatch, and on record',
  'POSIBLE ATAQUE, mac_mismatch, y anotado',
);
/** Changes a transfer that is authorised by its MAC, swaps its nonce, and strips or forges the MAC. */
export async function changeMacs(setting: Setting, changes: readonly TransferChange[]): Promise<void> {
  const { trial, user, connection } = setting;
  const data = transferNeeding(trial.target.config, 'mac');
  if (data === undefined) {
    trial.skip(
      'mac',
      text('changes to a transfer by MAC', 'cambios en una transferencia con MAC'),
      NO_EXACT_TRANSFER,
    );
    return;
  }
  const honest = async () => user.transaction(data, await takeNonce(connection));
  await pass(setting, {
    id: 'unchanged',
    what: text('passed on unchanged', 'se deja pasar sin cambios'),
    message: await honest(),
    tamper: undefined,
  });
  for (const change of changes) {
    await refuse(setting, {
      id: `${change.part}_changed`,
      what: changeText(change),
      message: await honest(),
      tamper: changing(change),
      expected: FLAGGED,
      isHeld: (reply) => isFlagged(reply, 'mac_mismatch'),
    });
  }
  const otherNonce = await takeNonce(connection);
  await refuse(setting, {
    id: 'nonce_swapped',
    what: text(
      'another fresh nonce of the same session put in',
      'se pone otro nonce nuevo de la misma sesión',
    ),
    message: await honest(),
    tamper: (message) => ({ ...message, nonce: otherNonce }),
    expected: FLAGGED,
    isHeld: (reply) => isFlagged(reply, 'mac_mismatch'),
  });
  await refuse(setting, {
    id: 'mac_stripped',
    what: text('the MAC taken away', 'se quita el MAC'),
    message: await honest(),
    tamper: ({ mac: _, ...message }) => message,
    expected: text('refused: mac_required', 'rechazada: mac_required'),
    isHeld: (reply) => isRefused(reply, 'mac_required'),
  });
  const [change = { part: 'payee', value: 'Mallory' } as const] = changes;
  await refuse(setting, {
    id: 'mac_recomputed',
    what: text(
      'changed, and a new MAC computed with a guessed key',
      'se cambia y se calcula un MAC nuevo con una clave adivinada',
    ),
    message: await honest(),
    tamper: (message) => forged(message, change),
    expected: FLAGGED,
    isHeld: (reply) => isFlagged(reply, 'mac_mismatch'),
  });
}

function forged(message: Message, change: TransferChange): Message {
  const data = changed(String(message.data), change.part, change.value);
  const mac = createHmac('sha256', 'secreto').update(`${data}${message.nonce}`).digest('hex');
  return { ...message, data, mac };
}

import { type Text, text } from '../../language/text.ts';
import { isRefused, type Reply } from '../connection.ts';
import { takeNonce } from '../nonces.ts';
import { mustRefuse } from '../refusal.ts';
import { transferNeeding } from '../transfers.ts';
import type { Setting } from './setting.ts';

/** Keys and actions that resemble the protocol's: English ones, other cases, names from `Object.prototype`. */
export async function foreignKeys({ trial, user, connection }: Setting): Promise<void> {
  const data = transferNeeding(trial.target.config, 'mac') ?? 'CuentaA,CuentaB,10.00,EUR';
  const nonce = await takeNonce(connection);
  const { accion: _, ...rest } = user.transaction(data, nonce);
  const invalid = text('refused: message_invalid', 'rechazada: message_invalid');
  const unknown = text('refused: action_unknown', 'rechazada: action_unknown');
  const isInvalid = (reply: Reply) => isRefused(reply, 'message_invalid');
  const isUnknown = (reply: Reply) => isRefused(reply, 'action_unknown');
  const prototype = `{"__proto__":{"accion":"transaccion"},${JSON.stringify(rest).slice(1)}\n`;
  const tries: readonly (readonly [string, Text, object | string, Text, (reply: Reply) => boolean])[] = [
    [
      'english_key',
      text('action in place of accion', 'action en lugar de accion'),
      { action: 'transaccion', ...rest },
      invalid,
      isInvalid,
    ],
    [
      'english_action',
      text('transaction in place of transaccion', 'transaction en lugar de transaccion'),
      { accion: 'transaction', ...rest },
      unknown,
      isUnknown,
    ],
    [
      'prototype_key',
      text('accion under the key __proto__', 'accion bajo la clave __proto__'),
      prototype,
      invalid,
      isInvalid,
    ],
    [
      'prototype_action',
      text('constructor as the action', 'constructor como acción'),
      { accion: 'constructor', ...rest },
      unknown,
      isUnknown,
    ],
    [
      'capital_action',
      text('TRANSACCION in capitals', 'TRANSACCION en mayúsculas'),
      { accion: 'TRANSACCION', ...rest },
      unknown,
      isUnknown,
    ],
  ];
  for (const [id, what, message, expected, isHeld] of tries) {
    await mustRefuse(trial, user, { id, what, on: connection, message, expected, isHeld });
  }
}

import { createHmac } from 'node:crypto';
import { type Text, text } from '../../language/text.ts';
import { isFlagged, isRefused, type LabConnection, type Reply } from '../connection.ts';
import type { AttackOptions, Target } from '../target.ts';
import { type ThrowawayUser, takeNonce } from '../throwaway-user.ts';
import { changed, partOf, type TransferPart, transferNeeding } from '../transfers.ts';
import { entryLine, runTrial, type Trial } from '../trial.ts';
import type { Verdict } from '../verdict.ts';
import type { Message, PassedTransaction, Tamper } from './proxy.ts';
import { ManInTheMiddle } from './proxy.ts';

export interface TransferChange {
  readonly part: TransferPart;
  readonly value: string;
}

export interface MitmOptions extends AttackOptions {
  /** What is changed in `data` on the way; by default the payee, then the payer, then the amount. */
  readonly changes?: readonly TransferChange[];
  /** The proxy's port; 0, the default: any free one. */
  readonly port?: number;
}

export const DEFAULT_CHANGES: readonly TransferChange[] = [
  { part: 'payee', value: 'Mallory' },
  { part: 'payer', value: 'CuentaZ' },
  { part: 'amount', value: '490.00' },
];

/** Changes a transaction's `data`, and leaves its nonce, MAC and code as they were. */
export function changing(change: TransferChange): Tamper {
  return (message) =>
    typeof message.data === 'string'
      ? { ...message, data: changed(message.data, change.part, change.value) }
      : undefined;
}

/**
 * A man in the middle changes a transaction on its way: payee, payer, amount, nonce; takes the MAC away; computes
 * another with a key of his own; moves a bound code to another transaction. Nothing but the unchanged one may pass.
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
    await moveBoundCodes(setting, changes);
  });
}

interface Setting {
  readonly trial: Trial;
  readonly proxy: ManInTheMiddle;
  readonly user: ThrowawayUser;
  readonly connection: LabConnection;
  readonly answers: { readonly passed: PassedTransaction; readonly reply: Reply }[];
}

const FLAGGED = text(
  'POSIBLE ATAQUE, mac_mismatch, and on record',
  'POSIBLE ATAQUE, mac_mismatch, y anotado',
);
const NOT_IN_POLICY = text(
  'the policy has no transfer that needs exactly this proof',
  'la política no tiene transferencia que exija justo esta prueba',
);

async function changeMacs(setting: Setting, changes: readonly TransferChange[]): Promise<void> {
  const { trial, user, connection } = setting;
  const data = transferNeeding(trial.target.config, 'mac');
  if (data === undefined) {
    trial.skip(
      'mac',
      text('changes to a transfer by MAC', 'cambios en una transferencia con MAC'),
      NOT_IN_POLICY,
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

async function moveBoundCodes(setting: Setting, changes: readonly TransferChange[]): Promise<void> {
  const { trial, user, connection } = setting;
  const data = transferNeeding(trial.target.config, 'bound_code');
  if (data === undefined) {
    trial.skip('bound_code', text('changes to a bound code', 'cambios a un código ligado'), NOT_IN_POLICY);
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

interface Try {
  readonly id: string;
  readonly what: Text;
  readonly message: object;
  readonly tamper: Tamper | undefined;
}

/** Sends through the proxy, and looks at what the server got, answered and wrote down. */
async function send(setting: Setting, { message, tamper }: Try) {
  const { trial, proxy, user, connection, answers } = setting;
  const before = await trial.approvals(user);
  proxy.tamper = tamper;
  answers.length = 0;
  const reply = await connection.ask(message);
  proxy.tamper = undefined;
  const passed = answers[0]?.passed;
  return {
    reply,
    original: passed?.original ?? message,
    sent: passed?.sent ?? message,
    changed: passed?.changed === true,
    executed: (await trial.approvals(user)) - before,
    entry: await trial.lastEntry(user),
  };
}

async function pass(setting: Setting, attempt: Try): Promise<void> {
  const { reply, sent, executed, entry } = await send(setting, attempt);
  setting.trial.step({
    id: attempt.id,
    what: attempt.what,
    sent,
    received: reply.text,
    journal: entryLine(entry),
    expected: text('accepted, once', 'aceptada, una vez'),
    held: reply.status === 'OK' && executed === 1,
  });
}

async function refuse(
  setting: Setting,
  attempt: Try & { readonly expected: Text; readonly isHeld: (reply: Reply) => boolean },
): Promise<void> {
  const { reply, original, sent, changed, executed, entry } = await send(setting, attempt);
  const wanted = JSON.parse(typeof sent === 'string' ? sent : JSON.stringify(sent)) as { data: string };
  // While locked nothing is evaluated, so nothing is written down for each.
  const recorded =
    reply.error === 'locked' ||
    (entry?.type === 'transaction.refused' &&
      entry.reason === reply.error &&
      entry.transaction?.payee === partOf(wanted.data, 'payee'));
  setting.trial.step({
    id: attempt.id,
    what: attempt.what,
    original,
    sent,
    received: reply.text,
    journal: entryLine(entry),
    expected: attempt.expected,
    held: changed && attempt.isHeld(reply) && executed === 0 && recorded,
  });
}

const PARTS_ES: Readonly<Record<TransferPart, string>> = {
  payee: 'beneficiario',
  payer: 'ordenante',
  amount: 'importe',
};

function changeText({ part, value }: TransferChange): Text {
  return text(
    `${part} changed on the way, to ${value}`,
    `${PARTS_ES[part]} cambiado en el camino, a ${value}`,
  );
}

function increased(data: string): string {
  return String(Number(partOf(data, 'amount')) * 10);
}

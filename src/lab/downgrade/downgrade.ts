import { text } from '../../language/text.ts';
import { isFlagged, isRefused, type Reply } from '../connection.ts';
import { takeNonce } from '../nonces.ts';
import { mustRefuse } from '../refusal.ts';
import type { AttackOptions, Target } from '../target.ts';
import { changed, transferNeeding } from '../transfers.ts';
import { runTrial, type Trial } from '../trial.ts';
import type { Verdict } from '../verdict.ts';
import { foreignKeys } from './foreign-keys.ts';
import { oldTransport } from './old-transport.ts';
import type { Setting } from './setting.ts';

/**
 * Tries to pass with less: no TLS or an old version, the protocol's first version without a nonce, no MAC, a weaker
 * proof than the amount needs, keys that resemble the protocol's.
 */
export function downgrade(target: Target, options: AttackOptions = {}): Promise<Verdict> {
  return runTrial('downgrade', target, options, async (trial) => {
    await oldTransport(trial);
    const user = await trial.user({ tokens: true });
    const connection = await trial.keep(user.logIn());
    const setting = { trial, user, connection };
    await firstVersion(setting);
    await withoutMac(setting);
    await weakerProof(setting);
    await foreignKeys(setting);
  });
}

/** A message of the first version has no nonce. It must answer a challenge all the same, and only once. */
async function firstVersion({ trial, user }: Setting): Promise<void> {
  const data = transferNeeding(trial.target.config, 'mac');
  if (data === undefined) return skipPolicy(trial, 'first_version', 'mac');
  const connection = await trial.keep(user.logIn());
  const { nonce: _, ...unasked } = user.transaction(data, '');
  await mustRefuse(trial, user, {
    id: 'no_challenge',
    what: text(
      'a transaction before any challenge was asked for',
      'una transacción sin haber pedido ningún reto',
    ),
    on: connection,
    message: unasked,
    expected: text('refused: challenge_missing', 'rechazada: challenge_missing'),
    isHeld: (reply) => isRefused(reply, 'challenge_missing'),
  });
  const nonce = await takeNonce(connection);
  const before = await trial.approvals(user);
  const { nonce: __, ...message } = user.transaction(data, nonce);
  const first = await connection.ask(message);
  trial.step({
    id: 'first_version',
    what: text(
      'a message of the first version answers the last challenge',
      'un mensaje de la primera versión responde al último reto',
    ),
    sent: message,
    received: first.text,
    expected: text('accepted', 'aceptada'),
    held: first.status === 'OK' && (await trial.approvals(user)) === before + 1,
  });
  await mustRefuse(trial, user, {
    id: 'first_version_again',
    what: text('the same again, without a nonce', 'el mismo otra vez, sin nonce'),
    on: connection,
    message,
    expected: text('POSIBLE ATAQUE, challenge_spent', 'POSIBLE ATAQUE, challenge_spent'),
    isHeld: (reply) => isFlagged(reply, 'challenge_spent'),
  });
  const invented = 'ab'.repeat(32);
  await mustRefuse(trial, user, {
    id: 'invented_nonce',
    what: text('a nonce of its own making', 'un nonce de su propia invención'),
    on: connection,
    message: user.transaction(data, invented),
    expected: text('POSIBLE ATAQUE, challenge_unknown', 'POSIBLE ATAQUE, challenge_unknown'),
    isHeld: (reply) => isFlagged(reply, 'challenge_unknown'),
  });
}

async function withoutMac({ trial, user, connection }: Setting): Promise<void> {
  const data = transferNeeding(trial.target.config, 'mac');
  if (data === undefined) return skipPolicy(trial, 'mac_missing', 'mac');
  const bare = async () => ({ accion: 'transaccion', data, nonce: await takeNonce(connection) });
  await mustRefuse(trial, user, {
    id: 'mac_missing',
    what: text('no MAC', 'sin MAC'),
    on: connection,
    message: await bare(),
    expected: text('refused: mac_required', 'rechazada: mac_required'),
    isHeld: (reply) => isRefused(reply, 'mac_required'),
  });
  await mustRefuse(trial, user, {
    id: 'mac_empty',
    what: text('an empty MAC', 'un MAC vacío'),
    on: connection,
    message: { ...(await bare()), mac: '' },
    expected: text('POSIBLE ATAQUE, mac_mismatch', 'POSIBLE ATAQUE, mac_mismatch'),
    isHeld: (reply) => isFlagged(reply, 'mac_mismatch'),
  });
  await mustRefuse(trial, user, {
    id: 'mac_null',
    what: text('null in place of the MAC', 'null en lugar del MAC'),
    on: connection,
    message: { ...(await bare()), mac: null },
    expected: text('refused: message_invalid', 'rechazada: message_invalid'),
    isHeld: (reply) => isRefused(reply, 'message_invalid'),
  });
  const nonce = await takeNonce(connection);
  const mallory = changed(data, 'payee', 'Mallory');
  await mustRefuse(trial, user, {
    id: 'key_twice',
    what: text(
      'data twice: the MAC is for the first, the other would be paid',
      'data dos veces: el MAC es de la primera, se pagaría la otra',
    ),
    on: connection,
    message: `{"accion":"transaccion","data":${JSON.stringify(data)},"nonce":"${nonce}","mac":"${user.mac(data, nonce)}","data":${JSON.stringify(mallory)}}\n`,
    expected: text(
      'POSIBLE ATAQUE, mac_mismatch: what is checked is what is paid',
      'POSIBLE ATAQUE, mac_mismatch: lo que se comprueba es lo que se paga',
    ),
    isHeld: (reply) => isFlagged(reply, 'mac_mismatch'),
  });
}

async function weakerProof({ trial, user, connection }: Setting): Promise<void> {
  const data = transferNeeding(trial.target.config, 'bound_code');
  if (data === undefined) return skipPolicy(trial, 'weaker_proof', 'bound_code');
  const expected = text('refused: bound_code_required', 'rechazada: bound_code_required');
  const isHeld = (reply: Reply) => isRefused(reply, 'bound_code_required');
  await mustRefuse(trial, user, {
    id: 'mac_for_bound_code',
    what: text('a MAC where a bound code is needed', 'un MAC donde hace falta un código ligado'),
    on: connection,
    message: user.transaction(data, await takeNonce(connection)),
    expected,
    isHeld,
  });
  await mustRefuse(trial, user, {
    id: 'plain_for_bound_code',
    what: text(
      'a MAC and a plain code where a bound code is needed',
      'un MAC y un código simple donde hace falta uno ligado',
    ),
    on: connection,
    message: user.transaction(data, await takeNonce(connection), { codigo: user.plainCode() }),
    expected,
    isHeld,
  });
  const nonce = await takeNonce(connection);
  await mustRefuse(trial, user, {
    id: 'english_code',
    what: text('the right bound code under the key code', 'el código ligado correcto con la clave code'),
    on: connection,
    message: { ...user.transaction(data, nonce), code: user.boundCode(data, nonce) },
    expected,
    isHeld,
  });
}

function skipPolicy(trial: Trial, id: string, proof: string): void {
  trial.skip(
    id,
    text(`transfers that need ${proof}`, `transferencias que exigen ${proof}`),
    text(
      'the policy has none that needs exactly this proof',
      'la política no tiene ninguna que exija justo esta prueba',
    ),
  );
}

import { verifyReceipt } from '../application/receipts/verify-receipt.ts';
import { grouped, transferScreen } from '../client/token-screen.ts';
import { isRefusal } from '../domain/errors.ts';
import { parseTransfer } from '../domain/transaction/transfer.ts';
import { isRefused } from '../lab/connection.ts';
import { takeNonce } from '../lab/nonces.ts';
import { entryLine } from '../lab/trial.ts';
import { shown } from '../lab/verdict.ts';
import { text } from '../language/text.ts';
import { type Customer, SMALL } from './customer.ts';
import type { DemoServer } from './demo-server.ts';
import type { Tour } from './tour.ts';

const LARGE = 'CuentaA,CuentaB,900.00';

export async function paySmall(
  tour: Tour,
  { target }: DemoServer,
  { alice, connection }: Customer,
): Promise<void> {
  tour.section(
    text('A small transfer, by MAC', 'Una transferencia pequeña, con MAC'),
    text(
      'A fresh challenge is answered with a MAC over the transfer: change a byte of it, and it fits no more.',
      'Un reto nuevo se responde con un MAC de la transferencia: si cambia un byte, ya no encaja.',
    ),
  );
  const ask = { accion: 'pet_transaccion' };
  tour.sent(shown(ask));
  const issued = await connection.ask(ask);
  tour.received(issued.text);
  const message = alice.transaction(SMALL, String(issued.answer.nonce));
  tour.sent(shown(message));
  const reply = await connection.ask(message);
  tour.received(reply.text);
  const entry = (await target.entriesOf('alice')).at(-1);
  tour.line(`   ${tour.say(text('journal', 'diario'))}: ${entryLine(entry)}`);
  tour.check(
    reply.status === 'OK' && entry?.type === 'transaction.approved' && entry.detail?.proofs === 'mac',
    text('accepted, and on record before it was answered', 'aceptada, y anotada antes de responder'),
  );
}

/** @returns the receipt */
export async function payLarge(tour: Tour, { target }: DemoServer, customer: Customer): Promise<string> {
  const { alice, connection } = customer;
  tour.section(
    text('A large transfer, by a bound code', 'Una transferencia grande, con código ligado'),
    text(
      'The phone shows whom and how much; its code fits that transfer and no other (PSD2: dynamic linking).',
      'El teléfono muestra a quién y cuánto; su código vale para esa transferencia y ninguna otra (PSD2).',
    ),
  );
  const weak = alice.transaction(LARGE, await takeNonce(connection));
  const refused = await connection.ask(weak);
  tour.received(refused.text);
  tour.check(
    isRefused(refused, 'bound_code_required'),
    text('a MAC alone is not enough for this amount', 'un MAC solo no basta para este importe'),
  );
  const nonce = await takeNonce(connection);
  const transfer = parseTransfer(LARGE, target.config.currencyDefault);
  if (!isRefusal(transfer)) {
    for (const line of transferScreen(transfer, tour.language)) tour.line(`      ${line}`);
  }
  const codigo = alice.boundCode(LARGE, nonce);
  tour.line(`         ${grouped(codigo)}\n`);
  const message = { accion: 'transaccion', data: LARGE, nonce, codigo, recibo: true };
  tour.sent(shown(message));
  const reply = await connection.ask(message);
  const { recibo, ...rest } = reply.answer;
  const receipt = typeof recibo === 'string' ? recibo : '';
  tour.received(shown({ ...rest, recibo: `${receipt.slice(0, 24)}…` }));
  tour.check(
    reply.status === 'OK' && receipt !== '',
    text('accepted, with a signed receipt', 'aceptada, con un recibo firmado'),
  );
  return receipt;
}

export async function checkReceipt(tour: Tour, { application }: DemoServer, receipt: string): Promise<void> {
  tour.section(
    text('The receipt, verified offline', 'El recibo, verificado sin conexión'),
    text(
      'Anyone with the public keys can check what was decided, without asking the server.',
      'Cualquiera con las claves públicas comprueba lo decidido, sin preguntar al servidor.',
    ),
  );
  const keySet = { keys: (await application.vault.publicKeys()).map(({ jwk }) => jwk) };
  const claims = verifyReceipt(receipt, keySet);
  const transfer = parseTransfer(LARGE, 'EUR');
  if (isRefusal(claims) || isRefusal(transfer)) {
    tour.check(false, text('the receipt does not verify', 'el recibo no se verifica'));
    return;
  }
  const { sub, proofs, transaction, journal } = claims;
  tour.line(
    `   ES256  ${sub}: ${transaction.payer} → ${transaction.payee} ${transaction.amount} ${transaction.currency}, ${proofs.join(' ')}, ${tour.say(text('entry', 'entrada'))} ${journal.version}`,
  );
  tour.check(
    transaction.payee === transfer.payee && transaction.amount === transfer.amount && sub === 'alice',
    text('the signature fits, and it says what alice saw', 'la firma encaja, y dice lo que alice vio'),
  );
  const [header, , signature] = receipt.split('.');
  const body = JSON.stringify(claims).replace(transaction.amount, '1.00');
  const forged = `${header}.${Buffer.from(body).toString('base64url')}.${signature}`;
  const flipped = `${receipt.slice(0, -4)}${receipt.at(-4) === 'A' ? 'B' : 'A'}${receipt.slice(-3)}`;
  tour.check(
    isRefusal(verifyReceipt(forged, keySet)) && isRefusal(verifyReceipt(flipped, keySet)),
    text(
      'with another amount, or one character of its signature changed, it does not verify',
      'con otro importe, o con un carácter de la firma cambiado, no se verifica',
    ),
  );
}

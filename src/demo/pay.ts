import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyReceipt } from '../application/verify-receipt.ts';
import { countdown, grouped, transferScreen } from '../cli/code-display.ts';
import { text } from '../cli/text.ts';
import { passphrasePath, storePath, vaultPath } from '../compose.ts';
import { isRefusal } from '../domain/errors.ts';
import { parseTransfer } from '../domain/transfer.ts';
import { isRefused, type LabConnection } from '../lab/connection.ts';
import { ThrowawayUser, takeNonce } from '../lab/throwaway-user.ts';
import { entryLine } from '../lab/trial.ts';
import { shown } from '../lab/verdict.ts';
import { type DemoServer, SHORT } from './demo-server.ts';
import type { Tour } from './tour.ts';

const COUNTDOWN_MS = 3_000;
const REDRAW_MS = 250;
const PERIOD_MS = 60_000;

export const SMALL = 'CuentaA,CuentaB,100.0';
export const LARGE = 'CuentaA,CuentaB,900.00';

/** Who pays in the demonstration, and what the others look at afterwards. */
export interface Customer {
  readonly alice: ThrowawayUser;
  readonly connection: LabConnection;
}

export function showServer(tour: Tour, { folder, config, target }: DemoServer): void {
  const { host, port } = target.endpoint;
  tour.section(
    text('A server', 'Un servidor'),
    text(
      'It needs nothing but Node: database, sealed keys and passphrase are made at the first start.',
      'Solo necesita Node: base de datos, claves selladas y contraseña se crean en el primer arranque.',
    ),
  );
  tour.line(`   ${tour.say(text('data folder', 'carpeta de datos'))}: ${folder}`);
  const paths = [storePath(config), vaultPath(config), passphrasePath(config)];
  const isPrivate = paths.every((path) => (statSync(path).mode & 0o077) === 0);
  tour.check(
    isPrivate,
    text(
      'database, vault and passphrase are there, readable by this user alone',
      'base de datos, almacén y contraseña existen, y solo este usuario puede leerlos',
    ),
  );
  tour.check(port > 0, text(`it listens on ${host}:${port}`, `escucha en ${host}:${port}`));
  tour.line(
    `   ${tour.say(
      text(
        `so that you need not wait, here a lock lasts ${SHORT.lockMs} ms and a challenge ${SHORT.challengeTtlMs} ms`,
        `para no hacer esperar, aquí un bloqueo dura ${SHORT.lockMs} ms y un reto ${SHORT.challengeTtlMs} ms`,
      ),
    )}`,
  );
}

export async function register(tour: Tour, { target, application }: DemoServer): Promise<Customer> {
  tour.section(
    text('Register and log in', 'Registro e inicio de sesión'),
    text(
      'Whoever steals the database finds neither passwords nor keys in it.',
      'Quien robe la base de datos no encuentra en ella ni contraseñas ni claves.',
    ),
  );
  const credentials = { username: 'alice', password: 'secreto' };
  tour.sent(shown({ accion: 'register', ...credentials }));
  const alice = await ThrowawayUser.register(target, credentials);
  tour.sent(shown({ accion: 'login', ...credentials }));
  const connection = await alice.logIn();
  tour.check(
    alice.session !== '',
    text('alice is registered and logged in', 'alice está registrada y con sesión'),
  );

  const stored = await application.store.findUser('alice');
  const [record] = stored ? await application.store.load([stored.userId], Date.now()) : [];
  const key = createHash('sha256').update(credentials.password).digest();
  const kept = JSON.stringify([stored, record]);
  tour.check(
    stored?.passwordHash.startsWith('$argon2id$') === true && !kept.includes(credentials.password),
    text('her password is kept as Argon2id', 'su contraseña se guarda como Argon2id'),
  );
  tour.check(
    record !== undefined &&
      ![key.toString('hex'), key.toString('base64')].some((bare) => kept.includes(bare)),
    text('her MAC key is kept wrapped by the vault', 'su clave MAC se guarda envuelta por el almacén'),
  );
  return { alice, connection };
}

export async function enrol(tour: Tour, { alice }: Customer): Promise<void> {
  tour.section(
    text('Enrol tokens', 'Alta de tokens'),
    text(
      'A token holds a secret that is told once; it counts from its first right code on.',
      'Un token guarda un secreto que se dice una vez; vale desde su primer código correcto.',
    ),
  );
  const tokens = await alice.enrolTokens();
  for (const { type, secret, suite } of tokens) {
    const masked = `${secret.slice(0, 4)}${'•'.repeat(12)} (${secret.length})`;
    tour.line(
      `   ${type.padEnd(5)} ${(suite ?? 'RFC 6238').padEnd(30)} ${tour.say(text('secret', 'secreto'))} ${masked}`,
    );
  }
  tour.check(
    tokens.length === 2,
    text(
      'two tokens are active: one shows a code a minute, one a code for each transaction',
      'dos tokens activos: uno muestra un código por minuto, otro un código por transacción',
    ),
  );
}

export async function countDown(tour: Tour, { alice, connection }: Customer): Promise<void> {
  tour.section(
    text('A code, counting down', 'Un código, en cuenta atrás'),
    text(
      'Six digits, new every minute, each good for one use. They show presence, and nothing about a transaction.',
      'Seis cifras, nuevas cada minuto, cada una para un uso. Prueban presencia, y nada de una transacción.',
    ),
  );
  const until = performance.now() + COUNTDOWN_MS;
  const draw = () =>
    `   ${grouped(alice.plainCode())}   ${countdown(ThrowawayUser.plainCodeLeftMs(), PERIOD_MS)}`;
  while (performance.now() < until) {
    if (tour.isTerminal) tour.redraw(draw());
    else tour.line(draw());
    await sleep(tour.isTerminal ? REDRAW_MS : COUNTDOWN_MS / 3);
  }
  if (tour.isTerminal) tour.line('');
  const codigo = alice.plainCode();
  const first = await connection.ask(alice.transaction(SMALL, await takeNonce(connection), { codigo }));
  tour.check(
    first.status === 'OK',
    text('the code is accepted beside a MAC', 'el código se acepta junto a un MAC'),
  );
  const second = await connection.ask(alice.transaction(SMALL, await takeNonce(connection), { codigo }));
  tour.received(second.text);
  tour.check(
    isRefused(second, 'code_spent'),
    text('the same code a second time is not', 'el mismo código por segunda vez, no'),
  );
}

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
    const labels = {
      payee: tour.say(text('PAY TO', 'PAGAR A')),
      amount: tour.say(text('AMOUNT', 'IMPORTE')),
      payer: tour.say(text('from', 'desde')),
    };
    for (const line of transferScreen(transfer, labels)) tour.line(`      ${line}`);
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

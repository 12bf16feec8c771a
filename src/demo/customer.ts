import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { countdown, grouped } from '../client/token-screen.ts';
import { passphrasePath, storePath, vaultPath } from '../compose.ts';
import { isRefused, type LabConnection } from '../lab/connection.ts';
import { takeNonce } from '../lab/nonces.ts';
import { ThrowawayUser } from '../lab/throwaway-user.ts';
import { shown } from '../lab/verdict.ts';
import { text } from '../language/text.ts';
import { type DemoServer, SHORT } from './demo-server.ts';
import type { Tour } from './tour.ts';

const COUNTDOWN_MS = 3_000;
const REDRAW_MS = 250;
const PERIOD_MS = 60_000;

export const SMALL = 'CuentaA,CuentaB,100.0';

/** The payer of the demonstration, with her open connection. */
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

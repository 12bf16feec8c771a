import { randomBytes } from 'node:crypto';
import { type ClientAnswer, type ClientMessage, TcpClient } from '../client/tcp-client.ts';
import { tokenHmac } from '../client/token-hmac.ts';
import { grouped, transferScreen } from '../client/token-screen.ts';
import { transferMac } from '../client/transfer-mac.ts';
import { decodeBase32 } from '../domain/encoding/base32.ts';
import { isRefusal } from '../domain/errors.ts';
import { boundCode } from '../domain/otp/bound-code.ts';
import { boundQuestion } from '../domain/transaction/bound-question.ts';
import { parseTransfer } from '../domain/transaction/transfer.ts';
import { shown } from '../lab/verdict.ts';
import { text } from '../language/text.ts';
import type { Tour } from './tour.ts';

const SMALL = 'CuentaA,CuentaB,100.0';
const LARGE = 'CuentaA,CuentaB,900.00';
const SECRETS = /"(password|sesion|session|secret|access_token)":"[^"]*"/g;

/** The running server that a client talks to. */
export interface ClientTarget {
  readonly host: string;
  readonly port: number;
  /** The certificate authority (PEM) to trust, and the name in the server's certificate. Unset: no TLS. */
  readonly tls: { readonly ca: string; readonly serverName: string } | undefined;
  /** `https://balancer:8443`: where the client enrols its token. */
  readonly url: string;
  readonly currency: string;
  /** Makes the account where registration is closed. */
  readonly admit: (username: string, password: string) => Promise<void>;
}

/** A client of a running server: registers, enrols a token, transfers, cheats; prints what it asks and is answered. */
export async function runClient(tour: Tour, target: ClientTarget): Promise<boolean> {
  const username = `demo-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const { host, port, tls } = target;
  const connection = await TcpClient.connect({ host, port, ...(tls ? { tls } : {}) });
  const ask = async (message: ClientMessage): Promise<ClientAnswer> => {
    tour.sent(printed(message));
    const { id: _, ...answer } = await connection.request(message);
    tour.received(printed(answer));
    return answer as ClientAnswer;
  };
  try {
    tour.section(
      text('Register and log in', 'Registro e inicio de sesión'),
      text(`over ${tls ? 'TLS' : 'TCP'} to ${host}:${port}`, `por ${tls ? 'TLS' : 'TCP'} a ${host}:${port}`),
    );
    const registered = await ask({ accion: 'register', username, password });
    if (registered.status !== 'OK' && registered.error !== 'registration_closed')
      throw new Error(`register: ${registered.error}`);
    if (registered.status !== 'OK') {
      await target.admit(username, password);
      const why = text(
        'made by the operator: sello user create',
        'creada por el operador: sello user create',
      );
      tour.line(`   ${username}: ${tour.say(why)}`);
    }
    const logIn = await ask({ accion: 'login', username, password });
    tour.check(logIn.status === 'OK', text('logged in', 'sesión iniciada'));
    await transferByMac(tour, ask, password);
    const seed = await enrol(tour, target, { username, password });
    await transferByCode(tour, ask, seed, target.currency);
    await ask({ accion: 'logout' });
  } finally {
    connection.destroy();
  }
  return tour.ok;
}

type Ask = (message: ClientMessage) => Promise<ClientAnswer>;

async function challenge(ask: Ask): Promise<string> {
  return String((await ask({ accion: 'pet_transaccion' })).nonce);
}

async function transferByMac(tour: Tour, ask: Ask, password: string): Promise<void> {
  tour.section(
    text('A transfer, by MAC', 'Una transferencia, con MAC'),
    text('Accepted once; not changed, and not again.', 'Se acepta una vez; ni cambiada ni repetida.'),
  );
  const nonce = await challenge(ask);
  const message = { accion: 'transaccion', data: SMALL, nonce, mac: transferMac(password, SMALL, nonce) };
  const accepted = await ask(message);
  tour.check(accepted.status === 'OK', text('accepted', 'aceptada'));
  const again = await ask(message);
  tour.check(again.error === 'challenge_spent', text('sent again: refused', 'enviada otra vez: rechazada'));
  const other = await challenge(ask);
  const mac = transferMac(password, SMALL, other);
  const changed = await ask({ ...message, data: 'CuentaA,Mallory,100.0', nonce: other, mac });
  tour.check(
    changed.error === 'mac_mismatch',
    text('payee changed on the way: refused', 'beneficiario cambiado por el camino: rechazada'),
  );
}

/** Enrols a token over HTTPS and activates it. @returns its seed */
async function enrol(
  tour: Tour,
  { url }: ClientTarget,
  credentials: { readonly username: string; readonly password: string },
): Promise<Uint8Array> {
  tour.section(text('Enrol a token', 'Alta de un token'), text(`over ${url}`, `por ${url}`));
  let session = '';
  const post = async (path: string, body: object): Promise<Readonly<Record<string, string>>> => {
    tour.sent(`POST ${path} ${printed(body)}`);
    const headers = { 'content-type': 'application/json', ...(session && { authorization: session }) };
    const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const told = await response.text();
    tour.received(`${response.status} ${printed(told)}`);
    if (!response.ok) throw new Error(`POST ${path}: ${response.status}`);
    return told === '' ? {} : JSON.parse(told);
  };
  session = `Bearer ${(await post('/v1/sessions', credentials)).access_token}`;
  const { id, secret = '', activation_question: question = '' } = await post('/v1/tokens', { type: 'ocra' });
  const seed = decodeBase32(secret) ?? new Uint8Array();
  const code = boundCode(tokenHmac, seed, question, Date.now());
  await post(`/v1/tokens/${id}/activation`, { code });
  tour.check(seed.length > 0, text('the token is active', 'el token está activo'));
  return seed;
}

async function transferByCode(tour: Tour, ask: Ask, seed: Uint8Array, currency: string): Promise<void> {
  tour.section(
    text('A transfer, by a bound code', 'Una transferencia, con código ligado'),
    text(
      'The token shows payee and amount; its code fits those and no others.',
      'El token muestra beneficiario e importe; su código vale para esos y ningún otro.',
    ),
  );
  const transfer = parseTransfer(LARGE, currency);
  if (isRefusal(transfer)) throw new Error(transfer.refused);
  const codeFor = (nonce: string) =>
    boundCode(tokenHmac, seed, boundQuestion({ ...transfer, challenge: nonce, v: 1 }), Date.now());
  const nonce = await challenge(ask);
  for (const line of transferScreen(transfer, tour.language)) tour.line(`      ${line}`);
  tour.line(`         ${grouped(codeFor(nonce))}`);
  const accepted = await ask({ accion: 'transaccion', data: LARGE, nonce, codigo: codeFor(nonce) });
  tour.check(accepted.status === 'OK', text('accepted', 'aceptada'));
  const other = await challenge(ask);
  const stolen = await ask({
    accion: 'transaccion',
    data: 'CuentaA,Mallory,900.00',
    nonce: other,
    codigo: codeFor(other),
  });
  tour.check(
    stolen.status !== 'OK',
    text('the code for another payee: refused', 'el código para otro beneficiario: rechazada'),
  );
}

/** A message without its secrets. */
function printed(message: object | string): string {
  const whole = typeof message === 'string' ? message : shown(message);
  return whole.replace(SECRETS, '"$1":"…"').slice(0, 400);
}

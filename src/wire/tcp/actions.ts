import type { Session } from '../../application/sessions/session.ts';
import type { AuthoriseRequest } from '../../application/transactions/authorisation.ts';
import { nonceIssuedAt } from '../../domain/challenge/nonce.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { parseTransfer } from '../../domain/transaction/transfer.ts';
import { transferDigest } from '../../domain/transaction/transfer-digest.ts';
import type { Request, TransactionRequest } from './message.ts';
import { type MessagingRequest, performMessaging } from './messaging-actions.ts';
import type { TcpServices } from './services.ts';

/** What a connection remembers of its client between messages. */
export interface ClientState {
  /** The key under which limits count the client (`clientNetwork`). */
  readonly address: string;
  session: Session | undefined;
  /** The challenge issued last: clients of the protocol's first version answer it without naming it. */
  lastNonce: string | undefined;
}

type Credentials = {
  readonly username: string;
  readonly password: string;
  readonly code?: string | undefined;
};

/** The result of an action: the members of an OK answer as JSON text, or a refusal. */
export type Outcome = string | Refusal;

/**
 * Performs the action that one message asks for, by calling its use case.
 * @throws what the use cases throw: an operating failure, or a bug
 */
export function performAction(
  services: TcpServices,
  client: ClientState,
  request: Request,
): Outcome | Promise<Outcome> {
  switch (request.action) {
    case 'transaccion':
      return authoriseTransaction(services, client, request);
    case 'pet_transaccion':
      return issueChallenges(services, client, request.count);
    case 'login':
      return logIn(services, client, request);
    case 'register':
      return register(services, client, request);
    case 'logout':
      return logOut(services, client);
    case 'reanudar':
      return resume(services, client, request.secret);
    case 'identidad':
    case 'mensaje':
    case 'bandeja':
      return message(services, client, request);
    case 'refused':
      return request.refusal;
  }
}

async function message(
  { messaging }: TcpServices,
  client: ClientState,
  request: MessagingRequest,
): Promise<Outcome> {
  const { session, address } = client;
  if (!session) return refuse('session_required');
  const outcome = await performMessaging(messaging, { session, address }, request);
  return isRefusal(outcome) ? forgetEnded(client, session, outcome) : outcome;
}

async function authoriseTransaction(
  services: TcpServices,
  client: ClientState,
  message: TransactionRequest,
): Promise<Outcome> {
  const { session } = client;
  if (!session) return refuse('session_required');
  const transfer = parseTransfer(message.data, services.currencyDefault);
  if (isRefusal(transfer)) return transfer;
  const nonce = message.nonce ?? client.lastNonce;
  if (nonce === undefined) return refuse('challenge_missing');
  // No server issues such a nonce, and a recorded challenge must be hex.
  if (nonceIssuedAt(nonce) === undefined) return refuse('challenge_unknown');

  const request: { -readonly [Key in keyof AuthoriseRequest]: AuthoriseRequest[Key] } = {
    session,
    transfer,
    challenge: nonce,
    address: client.address,
    receipt: message.receipt,
  };
  if (message.mac !== undefined) {
    request.mac = { message: Buffer.from(message.data + nonce, 'utf8'), value: message.mac };
  }
  if (message.code !== undefined) request.code = message.code;
  if (message.idempotencyKey !== undefined) {
    request.idempotency = { key: message.idempotencyKey, digest: transferDigest(transfer) };
  }
  const decided = await services.authorise(request);
  if (isRefusal(decided)) return forgetEnded(client, session, decided);
  let members = `"mensaje":${JSON.stringify(`Transferencia registrada: ${message.data}`)}`;
  members += `,"transaccion":${JSON.stringify(decided.transactionId)}`;
  // `mensaje` repeats the data as sent, as the first version does: these two say what was authorised.
  members += `,"importe":"${transfer.amount}","moneda":"${transfer.currency}"`;
  if (decided.repeated) members += ',"repetida":true';
  if (decided.receipt !== undefined) members += `,"recibo":${JSON.stringify(decided.receipt)}`;
  return members;
}

async function issueChallenges(
  services: TcpServices,
  client: ClientState,
  count: number | undefined,
): Promise<Outcome> {
  const { session } = client;
  if (!session) return refuse('session_required');
  const challenges = await services.issueChallenges(session, count ?? 1);
  if (isRefusal(challenges)) return forgetEnded(client, session, challenges);
  // A message that could change the session waits for this answer (schedule.ts), so it is still the same session.
  client.lastNonce = challenges.at(-1)?.nonce;
  const nonces = challenges.map(({ nonce }) => JSON.stringify(nonce)).join(',');
  return count === undefined ? `"nonce":${nonces}` : `"nonces":[${nonces}]`;
}

async function logIn(services: TcpServices, client: ClientState, credentials: Credentials): Promise<Outcome> {
  const { username, password, code } = credentials;
  const { address } = client;
  const made = await services.logIn({
    ...{ username, password, address },
    ...(code === undefined ? {} : { code }),
    ...(client.session ? { session: client.session } : {}),
  });
  if (isRefusal(made)) return made;
  setSession(client, made.session);
  return `"mensaje":"Sesión iniciada","sesion":${JSON.stringify(made.secret)}${await notice(services, made.session)}`;
}

async function resume(services: TcpServices, client: ClientState, secret: string): Promise<Outcome> {
  const session = await services.resumeSession({ secret, address: client.address });
  if (isRefusal(session)) return session;
  setSession(client, session);
  return `"mensaje":"Sesión reanudada"${await notice(services, session)}`;
}

/** Told at each log-in, on every channel, so that nobody's account is given away unseen. */
async function notice(services: TcpServices, session: Session): Promise<string> {
  if (!(await services.isBeingRecovered(session))) return '';
  return ',"aviso":"Los administradores van a pasar su cuenta a otro dispositivo. Si no lo quiere, cancélelo en la consola."';
}

async function logOut(services: TcpServices, client: ClientState): Promise<Outcome> {
  if (!client.session) return refuse('session_required');
  const refusal = await services.endSession(client.session);
  if (!refusal || refusal.refused === 'session_ended') setSession(client, undefined);
  return refusal ?? '"mensaje":"Sesión cerrada"';
}

async function register(
  services: TcpServices,
  client: ClientState,
  credentials: Credentials,
): Promise<Outcome> {
  const { username, password } = credentials;
  const user = await services.registerUser({ username, password, address: client.address });
  return isRefusal(user) ? user : '"mensaje":"Usuario registrado"';
}

/** Sets or clears the session. The last challenge is forgotten with it: it fits only the session it was issued to. */
function setSession(client: ClientState, session: Session | undefined): void {
  client.session = session;
  client.lastNonce = undefined;
}

/** Clears a session that the use case found ended, for instance on another connection. */
function forgetEnded(client: ClientState, session: Session, refusal: Refusal): Refusal {
  if (refusal.refused === 'session_ended' && client.session === session) setSession(client, undefined);
  return refusal;
}

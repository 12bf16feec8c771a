import type { Session } from '../../application/sessions/session.ts';
import type { AuthoriseRequest } from '../../application/transactions/authorise.ts';
import { nonceIssuedAt } from '../../domain/challenge/nonce.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { parseTransfer } from '../../domain/transaction/transfer.ts';
import { transferDigest } from '../../domain/transaction/transfer-digest.ts';
import type { Request, TransactionRequest } from './message.ts';
import type { TcpServices } from './services.ts';

/** What a connection remembers between its messages. */
export interface Caller {
  readonly address: string;
  session: Session | undefined;
  /** The challenge issued last: what a client of the first version answers without naming it. */
  lastNonce: string | undefined;
}

type Credentials = {
  readonly username: string;
  readonly password: string;
  readonly code?: string | undefined;
};

/** What a message came to: the members of an OK answer as JSON text, or why not. */
export type Outcome = string | Refusal;

/**
 * Does what one message asks.
 * @throws what the use cases throw: an operating failure, or a bug
 */
export function perform(services: TcpServices, caller: Caller, request: Request): Outcome | Promise<Outcome> {
  switch (request.action) {
    case 'transaccion':
      return transact(services, caller, request);
    case 'pet_transaccion':
      return challenge(services, caller, request.count);
    case 'login':
      return logIn(services, caller, request);
    case 'register':
      return register(services, caller, request);
    case 'logout':
      return logOut(services, caller);
    case 'reanudar':
      return resume(services, caller, request.secret);
    case 'refused':
      return request.refusal;
  }
}

async function register(services: TcpServices, caller: Caller, credentials: Credentials): Promise<Outcome> {
  const { username, password } = credentials;
  const user = await services.registerUser({ username, password, address: caller.address });
  return isRefusal(user) ? user : '"mensaje":"Usuario registrado"';
}

async function logIn(services: TcpServices, caller: Caller, credentials: Credentials): Promise<Outcome> {
  const { username, password, code } = credentials;
  const { address } = caller;
  const made = await services.logIn({ username, password, address, ...(code === undefined ? {} : { code }) });
  if (isRefusal(made)) return made;
  bind(caller, made.session);
  return `"mensaje":"Sesión iniciada","sesion":${JSON.stringify(made.secret)}`;
}

async function resume(services: TcpServices, caller: Caller, secret: string): Promise<Outcome> {
  const session = await services.resumeSession({ secret, address: caller.address });
  if (isRefusal(session)) return session;
  bind(caller, session);
  return '"mensaje":"Sesión reanudada"';
}

async function logOut(services: TcpServices, caller: Caller): Promise<Outcome> {
  if (!caller.session) return refuse('session_required');
  const refusal = await services.endSession(caller.session);
  if (!refusal || refusal.refused === 'session_ended') bind(caller, undefined);
  return refusal ?? '"mensaje":"Sesión cerrada"';
}

/** A challenge fits the session it was issued to, so it goes with it. */
function bind(caller: Caller, session: Session | undefined): void {
  caller.session = session;
  caller.lastNonce = undefined;
}

async function challenge(services: TcpServices, caller: Caller, count: number | undefined): Promise<Outcome> {
  const { session } = caller;
  if (!session) return refuse('session_required');
  const challenges = await services.issueChallenges(session, count ?? 1);
  if (isRefusal(challenges)) return ended(caller, session, challenges);
  // A barrier waits for this answer, so the session is still the one that asked.
  caller.lastNonce = challenges.at(-1)?.nonce;
  const nonces = challenges.map(({ nonce }) => JSON.stringify(nonce)).join(',');
  return count === undefined ? `"nonce":${nonces}` : `"nonces":[${nonces}]`;
}

async function transact(
  services: TcpServices,
  caller: Caller,
  message: TransactionRequest,
): Promise<Outcome> {
  const { session } = caller;
  if (!session) return refuse('session_required');
  const transfer = parseTransfer(message.data, services.currencyDefault);
  if (isRefusal(transfer)) return transfer;
  const nonce = message.nonce ?? caller.lastNonce;
  if (nonce === undefined) return refuse('challenge_missing');
  // No server issues such a nonce, and what is recorded of a transaction must be hex.
  if (nonceIssuedAt(nonce) === undefined) return refuse('challenge_unknown');

  const request: { -readonly [Key in keyof AuthoriseRequest]: AuthoriseRequest[Key] } = {
    session,
    transfer,
    challenge: nonce,
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
  if (isRefusal(decided)) return ended(caller, session, decided);
  let members = `"mensaje":${JSON.stringify(`Transferencia registrada: ${message.data}`)}`;
  members += `,"transaccion":${JSON.stringify(decided.transactionId)}`;
  if (decided.repeated) members += ',"repetida":true';
  if (decided.receipt !== undefined) members += `,"recibo":${JSON.stringify(decided.receipt)}`;
  return members;
}

/** A session that ended elsewhere is no session here either. */
function ended(caller: Caller, session: Session, refusal: Refusal): Refusal {
  if (refusal.refused === 'session_ended' && caller.session === session) bind(caller, undefined);
  return refusal;
}

import type { PublishedIdentity } from '../../application/identities/find-identity.ts';
import type { Session } from '../../application/sessions/session.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { rfc3339 } from '../../domain/journal/entry.ts';
import { LIMITS } from '../../limits.ts';
import { readMessage } from '../read-message.ts';
import type { MessagingServices } from './messaging-services.ts';

export type IdentityRequest =
  | { readonly action: 'identidad'; readonly username: string }
  | {
      readonly action: 'identidad';
      readonly signJwk: unknown;
      readonly sealJwk: unknown;
      readonly code: string;
    };

export type MessageRequest =
  | { readonly action: 'mensaje'; readonly jwe: object }
  | { readonly action: 'mensaje'; readonly messageId: string; readonly receipt: string }
  | { readonly action: 'mensaje'; readonly messageId: string; readonly from: number };

export interface InboxRequest {
  readonly action: 'bandeja';
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

export type MessagingRequest = IdentityRequest | MessageRequest | InboxRequest;

interface Caller {
  readonly session: Session;
  readonly address: string;
}

/** Performs an action of identities or messages. @returns the members of an OK answer as JSON text, or a refusal */
export async function performMessaging(
  services: MessagingServices,
  caller: Caller,
  request: MessagingRequest,
): Promise<string | Refusal> {
  const { session } = caller;
  if (!(await services.isSessionValid(session))) return refuse('session_ended');
  switch (request.action) {
    case 'identidad':
      return 'username' in request
        ? showIdentity(await services.findIdentity(request.username))
        : enrol(services, caller, request);
    case 'mensaje':
      if ('jwe' in request) return send(services, caller, request.jwe);
      return 'receipt' in request
        ? acknowledge(services, session, request.messageId, request.receipt)
        : read(services, session, request.messageId, request.from);
    case 'bandeja':
      return list(services, session, request);
  }
}

function showIdentity(found: PublishedIdentity | undefined): string | Refusal {
  if (!found) return refuse('identity_unknown');
  const { identity, index } = found;
  return membersOf({
    usuario: identity.username,
    clave_firma: JSON.parse(identity.signJwk),
    clave_sellado: JSON.parse(identity.sealJwk),
    nivel: identity.level,
    indice: index ?? null,
  });
}

async function enrol(
  services: MessagingServices,
  { session, address }: Caller,
  request: Extract<IdentityRequest, { readonly code: string }>,
): Promise<string | Refusal> {
  const { signJwk, sealJwk, code } = request;
  const enrolled = await services.enrolIdentity({ session, address, signJwk, sealJwk, code });
  if (isRefusal(enrolled)) return enrolled;
  return membersOf({
    mensaje: 'Claves dadas de alta',
    firma: enrolled.signKey,
    sellado: enrolled.sealKey,
    nivel: enrolled.level,
  });
}

async function send(
  services: MessagingServices,
  { session, address }: Caller,
  jwe: object,
): Promise<string | Refusal> {
  // As JSON without a doubt about duplicate names: what the parser of this line made of it.
  const content = Buffer.from(JSON.stringify(jwe));
  const read = await readMessage(content);
  if (isRefusal(read)) return read;
  const sent = await services.sendMessage({ session, address, content, ...read });
  return isRefusal(sent) ? sent : membersOf({ mensaje: 'Mensaje aceptado', mensaje_id: sent.id });
}

async function acknowledge(
  services: MessagingServices,
  session: Session,
  messageId: string,
  receipt: string,
): Promise<string | Refusal> {
  return (
    (await services.acknowledgeMessage({ session, messageId, receipt })) ??
    membersOf({ mensaje: 'Acuse registrado' })
  );
}

/** A piece of the JWE, from the given byte on: longer messages take several. */
async function read(
  services: MessagingServices,
  session: Session,
  messageId: string,
  from: number,
): Promise<string | Refusal> {
  const found = await services.findMessage(session, messageId);
  if (!found || from >= found.bytes) return refuse('message_unknown');
  const { messagePartBytes, messagePieceBytes } = LIMITS;
  const part = await services.readMessagePart(found, Math.floor(from / messagePartBytes));
  const start = from % messagePartBytes;
  const piece = part?.slice(start, start + messagePieceBytes);
  if (!piece) return refuse('message_unknown');
  const end = from + piece.length;
  return membersOf({
    mensaje_id: messageId,
    jwe: piece,
    bytes: found.bytes,
    siguiente: end < found.bytes ? end : null,
  });
}

async function list(
  services: MessagingServices,
  session: Session,
  { limit = LIMITS.inboxPageSize, after }: InboxRequest,
): Promise<string> {
  const found = await services.listInbox(session, {
    limit: limit + 1,
    ...(after === undefined ? {} : { after }),
  });
  const page = found.slice(0, limit);
  return membersOf({
    mensajes: page.map(({ messageId, from, sentAt, bytes }) => ({
      mensaje_id: messageId,
      de: from,
      fecha: rfc3339(sentAt),
      bytes,
    })),
    siguiente: found.length > limit ? (page.at(-1)?.messageId ?? null) : null,
  });
}

/** An object's members as JSON text, without its braces. */
function membersOf(value: object): string {
  return JSON.stringify(value).slice(1, -1);
}

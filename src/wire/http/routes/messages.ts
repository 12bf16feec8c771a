import Type from 'typebox';
import { acknowledgeMessage } from '../../../application/messages/acknowledge-message.ts';
import {
  deleteMessage,
  findMessage,
  listDeliveries,
  listInbox,
  readParts,
} from '../../../application/messages/inbox.ts';
import { sendMessage } from '../../../application/messages/send-message.ts';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { LIMITS } from '../../../limits.ts';
import type { InboxMessage } from '../../../ports/store.ts';
import { readMessage } from '../../read-message.ts';
import { callerId } from '../caller.ts';
import { ownIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { streamMessage } from '../message-stream.ts';
import { route } from '../route.ts';
import { Cursor, closed, Id, Limit, NextCursor, named, time } from '../schema.ts';

const JWE_TYPE = 'application/jose+json';

const Message = named(
  'Message',
  closed({ id: Id, from: Type.String(), at: time('When it was sent.'), bytes: Type.Integer() }),
);

const Receipt = Type.String({
  minLength: 1,
  maxLength: LIMITS.messageReceiptBytesMax,
  description:
    'A compact JWS by the recipient’s signing key: header `alg` ES256, `kid`, `typ` sello-message-receipt+jws; claims `iss` (recipient), `aud` (sender), `jti`, `sha256` (of the JWE, hex), `iat`.',
});

const Sealed = Type.Object(
  {
    protected: Type.String(),
    recipients: Type.Array(
      closed({
        header: closed({
          alg: Type.Literal('ECDH-ES+A256KW'),
          kid: Type.String(),
          epk: closed({
            crv: Type.Literal('P-256'),
            kty: Type.Literal('EC'),
            x: Type.String(),
            y: Type.String(),
          }),
        }),
        encrypted_key: Type.String(),
      }),
      { minItems: 1, maxItems: LIMITS.messageRecipientsMax },
    ),
    iv: Type.String(),
    ciphertext: Type.String(),
    tag: Type.String(),
  },
  { description: 'A JWE in General JSON (RFC 7516): docs/messages.md.', additionalProperties: false },
);

const SEALED_EXAMPLE = {
  protected:
    'eyJlbmMiOiJBMjU2R0NNIiwianRpIjoiMDE5MGI2ZjAtN2I1ZS03YzAwLTliNGUtMmY2YTFkM2M0ZTVmIiwidHlwIjoic2VsbG8tbWVzc2FnZStqd2UifQ',
  recipients: [
    {
      header: {
        alg: 'ECDH-ES+A256KW',
        kid: 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U',
        epk: {
          crv: 'P-256',
          kty: 'EC',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
        },
      },
      encrypted_key: 'cu-m3O9ibS2EDgiz3oLXLxfRsigIQNU3eyRO3iOybDdFZH5yfF-qmA',
    },
  ],
  iv: 'lyGpqOCyh5vNFwli',
  ciphertext: 'GiYWJ-k',
  tag: 'Jp_RXGD0SBGvpVZvL29RQw',
} as const;

function messageView({ messageId: id, from, sentAt, bytes }: InboxMessage) {
  return { id, from, at: rfc3339(sentAt), bytes };
}

export const messageRoutes = [
  route({
    method: 'POST',
    path: '/v1/messages',
    tag: 'messages',
    summary: 'Send a sealed message',
    description: `At most ${LIMITS.messageRecipientsMax} recipients, a content of ${LIMITS.messageContentBytesMax} bytes. Only they can open it, and only its sender can have signed it; the server relays it and records its hash.`,
    caller: 'user',
    device: true,
    repeatable: true,
    body: Sealed,
    bodyExample: SEALED_EXAMPLE,
    bodyBytesMax: LIMITS.messageBytesMax,
    rawBody: true,
    responses: { 201: { description: 'It waits for its recipients.', schema: closed({ id: Id }) } },
    refusals: [
      'message_form_invalid',
      'message_repeated',
      'recipient_unknown',
      'recipients_too_many',
      'outbox_full',
      'inbox_full',
      'busy',
    ],
    async handle({ caller, bytes, path, address, idempotencyKey: key }, { context }) {
      const { session } = caller;
      const read = await readMessage(bytes);
      if (isRefusal(read)) return read;
      const { digest } = read;
      const sent = await sendMessage(context, {
        ...{ session, ...read, content: bytes, address },
        ...ownIdempotency(key, callerId(caller), { method: 'POST', path, body: { digest } }),
      });
      if (isRefusal(sent)) return sent;
      return { status: 201, headers: replayed(sent.repeated), body: { id: sent.id } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/messages',
    tag: 'messages',
    summary: 'The inbox',
    description:
      'Messages that wait: neither acknowledged nor deleted. With `acknowledged`, those that were acknowledged and have not expired. The oldest first.',
    caller: 'user',
    device: true,
    query: {
      acknowledged: Type.Optional(Type.Enum(['true', 'false'])),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Cursor),
    },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ messages: Type.Array(Message), next_cursor: NextCursor }),
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, { context, cursors }) {
      const acknowledged = query.acknowledged === 'true';
      const list = ['messages', callerId(caller), `${acknowledged}`];
      const after = await cursors.read(list, query.cursor);
      if (isRefusal(after)) return after;
      const { limit = LIMITS.pageSize } = query;
      const found = await listInbox(context, caller.session, {
        limit: limit + 1,
        acknowledged,
        ...(after === undefined ? {} : { after }),
      });
      const messages = found.slice(0, limit);
      const last = messages.at(-1);
      const next = found.length > limit && last ? await cursors.write(list, last.messageId) : null;
      return { status: 200, body: { messages: messages.map(messageView), next_cursor: next } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/messages/{id}',
    tag: 'messages',
    summary: 'One message, as it was sent',
    caller: 'user',
    device: true,
    params: { id: Id },
    responses: { 200: { description: 'The JWE.', contentType: JWE_TYPE } },
    refusals: ['message_unknown', 'busy'],
    async handle({ caller, params, gone }, { context, messageStreams }) {
      const found = await findMessage(context, caller.session, params.id);
      if (!found) return refuse('message_unknown');
      const place = messageStreams.take({
        holder: callerId(caller),
        holderMax: LIMITS.messageStreamsPerUserMax,
      });
      if (!place) return refuse('busy', { retryAfterMs: 1_000 });
      return {
        stream: (response, headers) => {
          response.once('close', () => place.release());
          const { bytes } = found;
          response.writeHead(200, { ...headers, 'content-type': JWE_TYPE, 'content-length': bytes });
          void streamMessage(readParts(context, found), bytes, response, gone());
        },
      };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/messages/{id}/receipt',
    tag: 'messages',
    summary: 'Acknowledge a message',
    description:
      'By a receipt that the recipient signs once they have opened it. The message then no longer waits; it can be read until it expires. A second receipt changes nothing.',
    caller: 'user',
    device: true,
    params: { id: Id },
    body: closed({ receipt: Receipt }),
    bodyExample: { receipt: 'eyJhbGciOiJFUzI1NiIs….eyJpc3MiOiJib2IiL….MEUCIQD' },
    responses: { 204: { description: 'The sender can read it.' } },
    refusals: ['message_unknown', 'delivery_receipt_invalid'],
    handle: async ({ caller: { session }, params, body }, { context }) =>
      (await acknowledgeMessage(context, { session, messageId: params.id, receipt: body.receipt })) ?? {
        status: 204,
      },
  }),
  route({
    method: 'GET',
    path: '/v1/messages/{id}/receipts',
    tag: 'messages',
    summary: 'List the acknowledgements of a message (by its sender)',
    caller: 'user',
    device: true,
    params: { id: Id },
    responses: {
      200: {
        description: 'Each recipient.',
        schema: closed({
          receipts: Type.Array(
            closed({
              user: Type.String(),
              at: Type.Union([time('When it was acknowledged; null: not yet.'), Type.Null()]),
              receipt: Type.Union([Type.String(), Type.Null()]),
            }),
          ),
        }),
      },
    },
    refusals: ['message_unknown'],
    async handle({ caller, params }, { context }) {
      const deliveries = await listDeliveries(context, caller.session, params.id);
      if (deliveries.length === 0) return refuse('message_unknown');
      const receipts = deliveries.map(({ to: user, deliveredAt, receipt }) => ({
        user,
        at: deliveredAt === 0 ? null : rfc3339(deliveredAt),
        receipt: receipt === '' ? null : receipt,
      }));
      return { status: 200, body: { receipts } };
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/messages/{id}',
    tag: 'messages',
    summary: 'Delete a message from the inbox',
    description: 'Without a receipt: the sender is told nothing.',
    caller: 'user',
    device: true,
    params: { id: Id },
    responses: { 204: { description: 'It is gone.' } },
    refusals: ['message_unknown'],
    handle: async ({ caller: { session }, params }, { context }) =>
      (await deleteMessage(context, session, params.id)) ?? { status: 204 },
  }),
];

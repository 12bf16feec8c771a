import Type from 'typebox';
import { subscribePush } from '../../../application/push/manage-push-subscription.ts';
import { refuse } from '../../../domain/errors.ts';
import { LIMITS } from '../../../limits.ts';
import { route } from '../route.ts';
import { closed, named } from '../schema.ts';

const PATH = '/v1/sessions/current/push-subscription';

const OwnSubscription = named(
  'PushSubscription',
  closed({
    server_key: Type.Union([Type.String(), Type.Null()], {
      description:
        'The key that the browser subscribes with (`applicationServerKey`): a point of P-256 in base64url. It changes when the vault’s keys are rotated. Null: this server pushes nothing.',
    }),
    endpoint: Type.Union([Type.String(), Type.Null()], {
      description: 'Where messages for this session go; null: nowhere.',
    }),
  }),
);

const Wanted = closed({
  endpoint: Type.String({
    minLength: 1,
    maxLength: LIMITS.pushEndpointLengthMax,
    description: 'As the browser gave it. Its host must be a push service in `web_push.hosts`.',
  }),
  keys: closed({
    p256dh: Type.String({ pattern: '^[A-Za-z0-9_-]{87}=?$' }),
    auth: Type.String({ pattern: '^[A-Za-z0-9_-]{22}={0,2}$' }),
  }),
  server_key: Type.String({ maxLength: 128, description: 'The key that the browser subscribed with.' }),
  language: Type.Enum(['en', 'es'], { description: 'In which the browser tells of it.' }),
});

export const pushSubscriptionRoutes = [
  route({
    method: 'GET',
    path: PATH,
    tag: 'sessions',
    summary: 'Find where messages for this session are pushed',
    caller: 'user',
    device: true,
    responses: { 200: { description: 'The subscription of this session.', schema: OwnSubscription } },
    refusals: [],
    async handle({ caller }, { webPush }) {
      if (!webPush) return { status: 200, body: { server_key: null, endpoint: null } };
      const [[newest], subscription] = await Promise.all([
        webPush.keys.list(),
        webPush.subscriptions.find(caller.session),
      ]);
      const endpoint = subscription?.endpoint ?? null;
      return { status: 200, body: { server_key: newest?.publicKey ?? null, endpoint } };
    },
  }),
  route({
    method: 'PUT',
    path: PATH,
    tag: 'sessions',
    summary: 'Have a browser told of transactions that wait',
    description:
      'By Web Push (RFC 8030), encrypted for the browser (RFC 8291): that a transaction waits, with its id, and neither payee nor amount. One subscription a session; it ends with the session, or when the push service knows it no more.',
    caller: 'user',
    device: true,
    body: Wanted,
    bodyExample: {
      endpoint: 'https://updates.push.services.mozilla.com/wpush/v2/gAAAA',
      keys: {
        p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
        auth: 'BTBZMqHH6r4Tts7J_aSIgg',
      },
      server_key: 'BDd3_hVL9fZi9Ybo2UUzA284WG5FZR30_95YeZJsiApwXKpNcF1rRPF3foiiBHXRdJI2Qhumhf6_LFTeZaNndIo',
      language: 'en',
    },
    responses: { 204: { description: 'Stored, in place of the one before.' } },
    refusals: ['push_subscription_invalid', 'push_off'],
    async handle({ caller, body }, { webPush }) {
      if (!webPush) return refuse('push_off');
      const { endpoint, keys, server_key: serverKey, language } = body;
      const refusal = await subscribePush(webPush, caller.session, {
        ...{ endpoint, serverKey, language },
        ...keys,
      });
      return refusal ?? { status: 204 };
    },
  }),
  route({
    method: 'DELETE',
    path: PATH,
    tag: 'sessions',
    summary: 'Have this session’s browser told no more',
    caller: 'user',
    device: true,
    responses: { 204: { description: 'There is none any more.' } },
    refusals: [],
    async handle({ caller }, { context }) {
      await context.store.pushSubscriptions.remove(caller.session);
      return { status: 204 };
    },
  }),
];

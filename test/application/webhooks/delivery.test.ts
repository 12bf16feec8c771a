/*
 * Goal: endpoints get the journal's entries signed, at least once and in order a user, whatever becomes of them.
 * Method: the real application with its relay; endpoints on loopback that answer as each test says.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { rotateKeys } from '../../../src/application/keys/rotate-keys.ts';
import {
  changeWebhook,
  commandWebhook,
  rotateWebhookSecret,
} from '../../../src/application/webhooks/manage-webhooks.ts';
import { LIMITS } from '../../../src/limits.ts';
import { StoppedClock } from '../../services/application.ts';
import { WebhookReceiver } from '../../services/webhook-receiver.ts';
import { until } from '../../waiting.ts';
import { WebhookFixture } from './webhook-fixture.ts';

test('an endpoint gets the entries from then on, signed as the package standardwebhooks verifies', async (t) => {
  const fixture = await WebhookFixture.start(t);
  const receiver = await WebhookReceiver.start(t);
  await fixture.users('before');
  const { webhook, secret } = await fixture.webhook(receiver.url);
  await fixture.users('ana', 'luis');
  await until(() => receiver.received.length >= 3);
  const events = receiver.events();
  assert.deepEqual(
    events.map(({ type, subject }) => [type, subject]),
    [
      ['sello.admin.webhook_created', 'system'],
      ['sello.user.registered', 'ana'],
      ['sello.user.registered', 'luis'],
    ],
  );
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  const verifier = new Webhook(secret);
  for (const { headers, body } of receiver.received) {
    const verified = verifier.verify(body, headers as Record<string, string>);
    assert.deepEqual(verified, JSON.parse(body));
    assert.throws(() => verifier.verify(`${body} `, headers as Record<string, string>));
    assert.equal(headers['content-type'], 'application/cloudevents+json; charset=utf-8');
  }
  assert.deepEqual(
    receiver.indexes(),
    events.map(({ data }) => data.index),
  );
  const [first] = await until(async () => {
    const log = await fixture.deliveries(webhook.webhookId);
    return log.length === 3 && log;
  });
  assert.deepEqual([first?.outcome, first?.status, first?.answer], ['delivered', 200, 'thanks']);
});

test('what fails is sent again under the same id; the user’s later events wait, other users’ go on', async (t) => {
  const fixture = await WebhookFixture.start(t);
  const receiver = await WebhookReceiver.start(t);
  await fixture.users('ana', 'luis');
  let refusals = 6;
  let held: string | undefined;
  receiver.answer = ({ body, id }, response) => {
    const isAna = JSON.parse(body).subject === 'ana';
    if (isAna) held ??= id;
    response.writeHead(isAna && id === held && refusals-- > 0 ? 503 : 204).end();
  };
  const { webhook } = await fixture.webhook(receiver.url, 'login.*');
  await fixture.entries(6, 'ana', 'luis');
  const accepted = () => receiver.events();
  await until(() => new Set(receiver.indexes()).size === 6);
  await until(async () => (await fixture.progress(webhook.webhookId)).outstanding.length === 0);
  const ana = receiver.received.filter(({ body }) => JSON.parse(body).subject === 'ana').map(({ id }) => id);
  assert.deepEqual(ana.slice(0, 7), Array(7).fill(held), 'six refusals and the success come before her next');
  assert.equal(ana.length, 9);
  const luis = accepted().filter(({ subject }) => subject === 'luis');
  assert.equal(luis.length, 3);
  const lastOfLuis = receiver.received.findLastIndex(({ body }) => JSON.parse(body).subject === 'luis');
  const secondOfAna = receiver.received.findIndex(
    ({ body, id }) => JSON.parse(body).subject === 'ana' && id !== held,
  );
  assert.ok(lastOfLuis < secondOfAna, 'he did not wait for her');
  const log = await fixture.deliveries(webhook.webhookId);
  assert.deepEqual(
    log
      .filter(({ eventId }) => eventId === held)
      .map(({ attempt, outcome, status }) => [attempt, outcome, status]),
    [...Array.from({ length: 6 }, (_, n) => [n + 1, 'status', 503]), [7, 'delivered', 204]],
  );
  assert.deepEqual(
    log.map(({ number }) => number),
    log.map((_, n) => n + 1),
    'attempts are numbered densely',
  );
});

test('a relay that starts anew goes on with what is outstanding, without a gap and in order', async (t) => {
  const fixture = await WebhookFixture.start(t);
  const receiver = await WebhookReceiver.start(t);
  await fixture.users('ana', 'luis', 'eva');
  let down = true;
  const accepted: number[] = [];
  receiver.answer = ({ id }, response) => {
    if (!down) accepted.push(Number(id.slice(4)));
    response.writeHead(down ? 500 : 200).end();
  };
  const { webhook } = await fixture.webhook(receiver.url, 'login.refused');
  await fixture.entries(30, 'ana', 'luis', 'eva');
  await until(
    async () =>
      (await fixture.progress(webhook.webhookId)).outstanding.filter(({ attempts }) => attempts > 1).length >
      2,
  );
  await fixture.stopRelay();
  const { taken, outstanding } = await fixture.progress(webhook.webhookId);
  assert.equal(outstanding.length, 30);
  down = false;
  fixture.startRelay();
  await fixture.entries(6, 'ana');
  await until(() => new Set(accepted).size === 36);
  assert.deepEqual(
    [...new Set(accepted)].sort((a, b) => a - b),
    Array.from({ length: 36 }, (_, n) => (outstanding[0]?.index ?? 0) + n),
  );
  assert.equal(taken, (outstanding[0]?.index ?? 0) + 30);
  const byUser = new Map<string, number[]>();
  for (const { body, id } of receiver.received.filter(({ id: each }) =>
    accepted.includes(Number(each.slice(4))),
  )) {
    const { subject } = JSON.parse(body);
    byUser.set(subject, [...(byUser.get(subject) ?? []), Number(id.slice(4))]);
  }
  for (const indexes of byUser.values()) {
    const first = [...new Set(indexes)];
    assert.deepEqual(
      first,
      first.toSorted((a, b) => a - b),
    );
  }
});

test('two secrets sign until the older one ends', async (t) => {
  const clock = new StoppedClock();
  const fixture = await WebhookFixture.start(t, { clock });
  const receiver = await WebhookReceiver.start(t);
  await fixture.users('ana');
  const { webhook, secret: old } = await fixture.webhook(receiver.url, 'login.refused');
  const made = await rotateWebhookSecret(fixture.application.context, webhook.webhookId);
  assert.ok(!('refused' in made));
  const signed = async () => {
    const before = receiver.received.length;
    await fixture.entries(1, 'ana');
    const delivery = await until(() => receiver.received[before]);
    const names: string[] = [];
    for (const [name, secret] of [
      ['old', old],
      ['new', made.secret],
    ] as const) {
      // The package checks the time against the machine's; here only the test moves it.
      const verifier = new Webhook(secret);
      const at = new Date(Number(delivery.headers['webhook-timestamp']) * 1_000);
      const signature = verifier.sign(delivery.id, at, delivery.body);
      if (String(delivery.headers['webhook-signature']).split(' ').includes(signature)) names.push(name);
    }
    return names;
  };
  await until(async () => (await signed()).length === 2);
  assert.deepEqual(await signed(), ['old', 'new']);
  clock.advance(LIMITS.webhookSecretOverlapMs + 1_000);
  assert.deepEqual(await signed(), ['new']);
  const again = await rotateWebhookSecret(fixture.application.context, webhook.webhookId);
  assert.ok(!('refused' in again));
  const { secrets } = await fixture.found(webhook.webhookId);
  assert.equal(secrets.length, 2, 'never more than two');
  const stored = JSON.stringify(await fixture.application.store.listWebhooks());
  for (const secret of [old, made.secret, again.secret])
    assert.ok(!stored.includes(secret.slice('whsec_'.length)), 'no table holds a secret');
});

test('after three days of failures an endpoint is disabled and announced; enabled, it goes on where it stopped', async (t) => {
  const clock = new StoppedClock();
  const fixture = await WebhookFixture.start(t, {
    clock,
    limits: { webhookRetryMsMin: 5_000, webhookRetryMsMax: 21_600_000 },
  });
  const receiver = await WebhookReceiver.start(t);
  receiver.answer = (_, response) => response.writeHead(500).end();
  await fixture.users('ana');
  const { webhook } = await fixture.webhook(receiver.url, 'login.refused');
  await fixture.entries(2, 'ana');
  const began = clock.now();
  await until(async () => {
    const [first] = (await fixture.progress(webhook.webhookId)).outstanding;
    // Once an attempt is stored, the clock moves to the next.
    if (first && first.nextAt > clock.now()) clock.advance(first.nextAt - clock.now());
    return !(await fixture.found(webhook.webhookId)).enabled;
  });
  const hours = (clock.now() - began) / 3_600_000;
  assert.ok(hours >= 66 && hours <= 84, `${hours} hours`);
  assert.equal((await fixture.found(webhook.webhookId)).disabledReason, 'failing');
  assert.ok(receiver.received.length < 60, `backed off: ${receiver.received.length} attempts`);
  const [entry] = await fixture.application.store.readJournalBackwards({
    below: Number.POSITIVE_INFINITY,
    limit: 1,
  });
  assert.equal(entry?.type, 'admin.webhook_disabled');
  assert.match(entry?.body ?? '', /"reason":"failing"/);
  clock.advance(3_600_000 * 24);
  const seen = receiver.received.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(receiver.received.length, seen, 'nothing is sent while it is disabled');

  receiver.answer = (_, response) => response.writeHead(200).end();
  await changeWebhook(fixture.application.context, webhook.webhookId, { enabled: true });
  clock.advance(3_600_000 * 6);
  await fixture.entries(1, 'ana');
  await until(async () => {
    clock.advance(60_000);
    const log = await fixture.deliveries(webhook.webhookId);
    return log.filter(({ outcome }) => outcome === 'delivered').length === 2;
  });
  assert.equal((await fixture.found(webhook.webhookId)).enabled, true);
});

test('an endpoint that answers 410 Gone is disabled at once', async (t) => {
  const fixture = await WebhookFixture.start(t);
  const receiver = await WebhookReceiver.start(t);
  receiver.answer = (_, response) => response.writeHead(410).end();
  const { webhook } = await fixture.webhook(receiver.url);
  await until(async () => !(await fixture.found(webhook.webhookId)).enabled);
  assert.equal((await fixture.found(webhook.webhookId)).disabledReason, 'gone');
});

test('a test event, a retry by hand and a replay from an index are sent, in order, under the same ids', async (t) => {
  const fixture = await WebhookFixture.start(t);
  const { context } = fixture.application;
  const receiver = await WebhookReceiver.start(t);
  await fixture.users('ana', 'luis');
  const { webhook, secret } = await fixture.webhook(receiver.url, 'login.refused');
  await fixture.entries(5, 'ana');
  await until(() => receiver.received.length === 5);
  const { webhookId } = webhook;
  await commandWebhook(context, webhookId, { kind: 'test' });
  const test = await until(() => receiver.received[5]);
  assert.match(test.id, /^test_/);
  assert.equal(
    (new Webhook(secret).verify(test.body, test.headers as Record<string, string>) as { type: string }).type,
    'sello.test',
  );

  const [first = 0] = receiver.indexes();
  await commandWebhook(context, webhookId, { kind: 'retry', index: first + 1 });
  await until(() => receiver.received.length === 7);
  assert.equal(receiver.received[6]?.id, `evt_${first + 1}`);

  await commandWebhook(context, webhookId, { kind: 'replay', index: 0 });
  await until(() => receiver.received.length === 12);
  assert.deepEqual(
    receiver.indexes().slice(-5),
    [0, 1, 2, 3, 4].map((n) => first + n),
  );
  await fixture.entries(1, 'luis');
  await until(() => receiver.received.length === 13);
  await until(async () => (await fixture.application.store.readWebhookProgress()).commands.length === 0);
  const beyond = await commandWebhook(context, webhookId, { kind: 'replay', index: 10_000 });
  assert.ok('refused' in beyond && beyond.refused === 'webhook_invalid');
});

test('an event of the log is signed and shown after a rotation of the keys', async (t) => {
  const fixture = await WebhookFixture.start(t);
  const receiver = await WebhookReceiver.start(t);
  await fixture.users('ana');
  const { secret } = await fixture.webhook(receiver.url, 'login.refused');
  const rotated = await rotateKeys(fixture.application.context, {});
  assert.deepEqual([rotated.damaged, rotated.oldDestroyed], [0, true]);
  await fixture.stopRelay();
  fixture.startRelay();
  await fixture.entries(1, 'ana');
  const delivery = await until(() => receiver.received[0]);
  new Webhook(secret).verify(delivery.body, delivery.headers as Record<string, string>);
});

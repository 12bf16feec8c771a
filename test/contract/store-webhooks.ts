/*
 * Goal: webhooks are committed with their entries; their progress is stored by one relay, with its log, in one unit of work.
 * Method: one suite, run against each store.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  SYSTEM_USER_ID,
  type WebhookCommandRow,
  type WebhookDeliveryRow,
  type WebhookRow,
} from '../../src/ports/store.ts';
import { Chain } from './chain.ts';
import { type OpenedStore, withStore } from './opened-store.ts';

function webhook(webhookId: string, more: Partial<WebhookRow> = {}): WebhookRow {
  return {
    webhookId,
    url: 'https://example.com/hooks?key=ñ',
    types: ['transaction.*'],
    enabled: true,
    enabledAt: 1_000,
    disabledReason: '',
    secrets: [{ secretId: `${webhookId}-1`, wrapped: 'k1.one', createdAt: 1_000, expiresAt: 0 }],
    createdAt: 1_000,
    ...more,
  };
}

const inserted = (row: WebhookRow) =>
  ({ kind: 'webhook.insert', webhook: row, progress: { fence: 0, state: '{"taken":7}' } }) as const;
const commanded = (webhookId: string, commandId: string): WebhookCommandRow => ({
  ...{ webhookId, commandId, kind: 'replay', index: 3, at: 5 },
});
const delivery = (webhookId: string, number: number, more: Partial<WebhookDeliveryRow> = {}) => ({
  ...{ webhookId, number, eventId: `evt_${number}`, index: number, type: 'sello.login.refused' },
  ...{ attempt: 2, at: 1_700_000_000_000, durationMs: 12, outcome: 'status', status: 503 },
  ...{ answer: 'down "for" a \\ while\n', timestamp: 1_700_000_000, signature: 'v1,YQ== v1,Yg==', nextAt: 9 },
  ...more,
});

export function webhooksContract(name: string, open: () => Promise<OpenedStore>): void {
  const withEmpty = (body: Parameters<typeof withStore>[1]) => withStore(open, body);

  describe(`${name}: webhooks`, () => {
    test(
      'one is made, changed and deleted with all that belongs to it',
      withEmpty(async (store) => {
        const system = new Chain(SYSTEM_USER_ID, 'system');
        const a = webhook('a');
        const b = webhook('b', { createdAt: 2_000, types: [] });
        assert.deepEqual(await store.append([system.next({ rows: [inserted(a), inserted(b)] })]), [
          'appended',
        ]);
        assert.deepEqual(await store.listWebhooks(), [a, b]);
        const changed: WebhookRow = {
          ...a,
          ...{ types: ['login.refused'], enabled: false, enabledAt: 3_000, disabledReason: 'failing' },
          secrets: [
            { secretId: 'a-1', wrapped: 'k1.one', createdAt: 1_000, expiresAt: 9_000 },
            { secretId: 'a-2', wrapped: 'k1.two', createdAt: 1_500, expiresAt: 0 },
          ],
        };
        await store.append([system.next({ rows: [{ kind: 'webhook.update', webhook: changed }] })]);
        assert.deepEqual(await store.listWebhooks(), [changed, b]);
        const command = commanded('a', '01');
        await store.append([system.next({ rows: [{ kind: 'webhook.command', command }] })]);
        const saved = { webhookId: 'a', fence: 1, state: '{}', commandsDone: [] };
        await store.saveWebhookProgress([{ ...saved, deliveries: [delivery('a', 1)] }], 10);
        await store.append([system.next({ rows: [{ kind: 'webhook.delete', webhookId: 'a' }] })]);
        assert.deepEqual(await store.listWebhooks(), [b]);
        assert.deepEqual(await store.readWebhookProgress(), {
          progress: [{ webhookId: 'b', fence: 0, state: '{"taken":7}' }],
          commands: [],
        });
        assert.deepEqual(await store.listWebhookDeliveries({ webhookId: 'a', below: 9, limit: 9 }), []);
        assert.deepEqual(await store.saveWebhookProgress([{ ...saved, deliveries: [] }], 10), [false]);
      }),
    );

    test(
      'an id is taken once; what is not there is neither changed nor deleted',
      withEmpty(async (store) => {
        const system = new Chain(SYSTEM_USER_ID, 'system');
        await store.append([system.next({ rows: [inserted(webhook('a'))] })]);
        const again = system.fork().next({ rows: [inserted(webhook('a'))] });
        assert.deepEqual(await store.append([again]), ['conflict']);
        const missing = [
          { kind: 'webhook.update', webhook: webhook('none') },
          { kind: 'webhook.delete', webhookId: 'none' },
        ] as const;
        for (const row of missing) await assert.rejects(store.append([system.fork().next({ rows: [row] })]));
        assert.deepEqual(await store.listWebhooks(), [webhook('a')]);
      }),
    );

    test(
      'progress is stored with its deliveries and commands, under the highest fence alone; the newest deliveries stay',
      withEmpty(async (store) => {
        const system = new Chain(SYSTEM_USER_ID, 'system');
        const rows = [
          inserted(webhook('a')),
          { kind: 'webhook.command', command: commanded('a', '01') } as const,
          { kind: 'webhook.command', command: commanded('a', '02') } as const,
        ];
        await store.append([system.next({ rows })]);
        const save = (fence: number, numbers: readonly number[], commandsDone: readonly string[] = []) =>
          store.saveWebhookProgress(
            [
              {
                ...{ webhookId: 'a', fence, state: `{"fence":${fence}}`, commandsDone },
                deliveries: numbers.map((number) => delivery('a', number)),
              },
            ],
            3,
          );
        assert.deepEqual(await save(2, [1, 2], ['01']), [true]);
        assert.deepEqual(await save(1, [3], ['02']), [false]);
        assert.deepEqual(await store.readWebhookProgress(), {
          progress: [{ webhookId: 'a', fence: 2, state: '{"fence":2}' }],
          commands: [commanded('a', '02')],
        });
        const list = (below: number, limit: number) =>
          store.listWebhookDeliveries({ webhookId: 'a', below, limit });
        assert.deepEqual(await list(Number.MAX_SAFE_INTEGER, 9), [delivery('a', 2), delivery('a', 1)]);
        assert.deepEqual(await save(2, [3, 4, 5], ['02', 'none']), [true]);
        assert.deepEqual(
          (await list(5, 9)).map(({ number }) => number),
          [4, 3],
        );
        assert.deepEqual((await list(5, 1)).length, 1);
        assert.deepEqual((await store.readWebhookProgress()).commands, []);
        const odd = [{ ...delivery('a', 6, { answer: "nul \0, quote ', ñ" }) }];
        const change = { webhookId: 'a', fence: 3, state: '{}', deliveries: odd, commandsDone: [] };
        assert.deepEqual(await store.saveWebhookProgress([change], 3), [true]);
        assert.match((await list(7, 1))[0]?.answer ?? '', /^nul [\0\ufffd], quote ', ñ$/);
      }),
    );

    test(
      'the keys of secrets are listed and replaced with those of users and tokens',
      withEmpty(async (store) => {
        const system = new Chain(SYSTEM_USER_ID, 'system');
        await store.append([system.next({ rows: [inserted(webhook('a')), inserted(webhook('b'))] })]);
        const keys = await store.listWrappedKeys({ after: undefined, limit: 1 });
        const [first] = keys;
        assert.deepEqual(first, { kind: 'webhook', userId: 0, tokenId: 'a-1', wrapped: 'k1.one' });
        const second = await store.listWrappedKeys({ after: first, limit: 5 });
        assert.deepEqual(
          second.map(({ tokenId }) => tokenId),
          ['b-1'],
        );
        const { wrapped: expected, ...key } = first;
        const replace = (replacement: string) =>
          store.replaceWrappedKeys([{ ...key, expected, replacement }]);
        assert.deepEqual(await replace('k2.one'), [true]);
        assert.deepEqual(await replace('k3.one'), [false]);
        assert.equal((await store.listWebhooks())[0]?.secrets[0]?.wrapped, 'k2.one');
      }),
    );
  });
}

/*
 * Goal: surrogates join, authenticate and turn back only for who may; seeds can be destroyed; every reversal is on record, and
 * no value is.
 * Method: the real server on the real application, its vault the sealed file.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DataKeys } from '../../../src/application/datasets/data-keys.ts';
import { giveDataKey } from '../../../src/application/datasets/give-data-key.ts';
import { rotateKeys } from '../../../src/application/keys/rotate-keys.ts';
import { isRefusal } from '../../../src/domain/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { run } from '../../../src/surrogates/run/run.ts';
import { temporaryFolder } from '../../services/application.ts';
import { type FixtureOptions, type HttpFixture, testHttp } from './http-fixture.ts';

interface Listed {
  readonly name: string;
  readonly versions: readonly object[];
}

const UUID = '8f14e45f-ceea-467f-9f1a-0b2f6c0d1a2b';

async function laboratory(t: TestContext, options: FixtureOptions = {}) {
  const fixture = await testHttp(t, options);
  const admin = await fixture.withRole('chief', 'admin');
  const maker = await fixture.service('lab', 'surrogates:make');
  const reverser = await fixture.service('registry', 'surrogates:reverse');
  const make = async (name: string, values: readonly string[], more: object = {}) =>
    fixture.post(`/v1/datasets/${name}/surrogates`, maker, { domain: 'patient', values, ...more });
  const reverse = async (name: string, surrogates: readonly string[], more: object = {}) =>
    fixture.post(`/v1/datasets/${name}/reversals`, reverser, { domain: 'patient', surrogates, ...more });
  return { fixture, admin, maker, reverser, make, reverse };
}

/** Without what they say of rows, which the audit compares (test/operator/side-tables.test.ts). */
async function entries(fixture: HttpFixture, type: string) {
  const all = await fixture.application.context.store.readJournal({ after: 0, limit: 1_000 });
  const bodies = all.filter((entry) => entry.type === type).map(({ body }) => JSON.parse(body));
  for (const { detail = {} } of bodies) delete detail.rows;
  return bodies;
}

describe('datasets', () => {
  test('equal identifiers have equal surrogates; another domain, dataset or version has others', async (t) => {
    const { fixture, admin, make, reverse } = await laboratory(t);
    for (const name of ['trial', 'other'])
      assert.equal((await admin.post('/v1/datasets', { name })).status, 201);
    const values = [UUID, 'MRN-0042', 'José Núñez', UUID];
    const { json, status } = await make('trial', values);
    assert.equal(status, 200);
    const { surrogates } = json;
    assert.equal(surrogates.length, 4);
    assert.equal(surrogates[0], surrogates[3]);
    for (const surrogate of surrogates) assert.match(surrogate, /^[A-Za-z0-9.-]{1,64}$/);
    assert.deepEqual((await make('trial', values)).json.surrogates, surrogates);
    assert.notEqual((await make('trial', values, { domain: 'visit' })).json.surrogates[0], surrogates[0]);
    assert.notEqual((await make('other', values)).json.surrogates[0], surrogates[0]);
    assert.deepEqual((await reverse('trial', surrogates)).json, { values });

    const rotated = await admin.post('/v1/datasets/trial/versions');
    assert.deepEqual(
      rotated.json.versions.map((row: { status: string }) => row.status),
      ['retired', 'active'],
    );
    const [newer] = (await make('trial', [UUID])).json.surrogates;
    assert.notEqual(newer, surrogates[0]);
    assert.deepEqual((await reverse('trial', [newer, surrogates[0]])).json, { values: [UUID, UUID] });
    assert.deepEqual((await entries(fixture, 'dataset.rotated'))[0].detail, {
      ...{ by: 'chief', dataset: 'trial', version: 2 },
    });
  });

  test('a surrogate that does not authenticate is named by its place, and none is turned back', async (t) => {
    const { fixture, admin, make, reverse } = await laboratory(t);
    for (const name of ['trial', 'other']) await admin.post('/v1/datasets', { name });
    const [good, second] = (await make('trial', [UUID, 'b'])).json.surrogates;
    const [foreign] = (await make('other', [UUID])).json.surrogates;
    const [visit] = (await make('trial', [UUID], { domain: 'visit' })).json.surrogates;
    const changed = good.slice(0, -1) + (good.endsWith('A') ? 'Q' : 'A');
    for (const bad of [foreign, visit, changed, good.slice(1), `${good}A`, 'x', UUID, 'D_'.repeat(20)]) {
      const answer = await reverse('trial', [good, second, bad, foreign]);
      assert.equal(answer.status, 422, bad);
      assert.equal(answer.json.code, 'surrogate_invalid');
      assert.match(answer.json.detail, /\(surrogates\[2\]\)/, bad);
      assert.ok(!answer.text.includes(UUID));
    }
    const reasons = (await entries(fixture, 'surrogates.reversed')).map(({ reason }) => reason);
    assert.deepEqual(reasons, new Array(8).fill('surrogate_invalid'));
  });

  test('one way is one way; FF1 keeps the form and refuses another', async (t) => {
    const { admin, make, reverse } = await laboratory(t);
    await admin.post('/v1/datasets', { name: 'trial' });
    const [hashed] = (await make('trial', [UUID], { mode: 'hmac' })).json.surrogates;
    assert.match(hashed, /^[A-Za-z0-9.-]{45}$/);
    assert.equal((await reverse('trial', [hashed], { mode: 'hmac' })).json.code, 'surrogate_invalid');
    const [digits] = (await make('trial', ['1234567'], { mode: 'ff1' })).json.surrogates;
    assert.match(digits, /^\d{7}$/);
    assert.deepEqual((await reverse('trial', [digits], { mode: 'ff1' })).json, { values: ['1234567'] });
    const wrong = await make('trial', ['1234567', '12345'], { mode: 'ff1' });
    assert.equal(wrong.json.code, 'identifier_invalid');
    assert.match(wrong.json.detail, /\(values\[1\]\)/);
    assert.equal((await make('trial', ['1234567'], { alphabet: 'ab' })).status, 400);
    assert.equal((await make('trial', ['aabb'], { mode: 'ff1', alphabet: 'aa' })).status, 400);
  });

  test('are listed by name, page by page, each with all of its versions', async (t) => {
    const { admin } = await laboratory(t);
    for (const name of ['d', 'B', 'a', 'c']) await admin.post('/v1/datasets', { name });
    await admin.post('/v1/datasets/a/versions');
    const pages: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { json } = await admin.get(`/v1/datasets?limit=3${cursor && `&cursor=${cursor}`}`);
      pages.push(json.datasets.map((each: Listed) => `${each.name}${each.versions.length}`));
      cursor = json.next_cursor;
    }
    assert.deepEqual(pages, [['B1', 'a2', 'c1'], ['d1']]);
  });

  test('files in bulk have the surrogates that the server makes online, in every mode, from each version', async (t) => {
    const { fixture, admin, make } = await laboratory(t);
    await admin.post('/v1/datasets', { name: 'trial' });
    const folder = await temporaryFolder(t);
    const values = [UUID, 'MRN-0042', 'alma', '1234567'];
    writeFileSync(
      join(folder, 'in.csv'),
      ['siv,hmac,ff1', ...values.map((id) => `${id},${id},1234567`)].join('\n'),
    );
    const rules = JSON.stringify({
      csvRules: ['siv', 'hmac', 'ff1'].map((mode) => ({
        ...{ column: mode, method: 'tokenize', domain: 'patient', mode },
      })),
    });
    const keys = new DataKeys(fixture.application.context);
    for (const version of [1, 2]) {
      if (version === 2) await admin.post('/v1/datasets/trial/versions');
      const dataKey = await giveDataKey(fixture.application.context, keys, 'trial');
      if (isRefusal(dataKey)) throw new Error(dataKey.refused);
      const output = join(folder, `out-${version}`);
      await run({
        ...{ input: join(folder, 'in.csv'), output, rules, dataKey, onError: 'stop', workers: 1 },
        now: new Date(),
      });
      const online = await Promise.all([
        make('trial', values),
        make('trial', values, { mode: 'hmac' }),
        make(
          'trial',
          values.map(() => '1234567'),
          { mode: 'ff1' },
        ),
      ]);
      const [siv, hmac, ff1] = online.map(({ json }) => json.surrogates as string[]);
      const [, ...rows] = readFileSync(join(output, 'in.csv'), 'utf8').trimEnd().split('\n');
      assert.deepEqual(
        rows,
        values.map((_, index) => [siv?.[index], hmac?.[index], ff1?.[index]].join(',')),
      );
    }
  });

  test('every reversal is on record before it is told: who, how many, a digest, no value', async (t) => {
    const { fixture, admin, make, reverse } = await laboratory(t);
    await admin.post('/v1/datasets', { name: 'trial' });
    const { surrogates } = (await make('trial', [UUID, 'MRN-0042'])).json;
    await reverse('trial', surrogates);
    const [entry] = await entries(fixture, 'surrogates.reversed');
    assert.deepEqual(entry.detail, {
      ...{ count: 2, dataset: 'trial', domain: 'patient', service: 'registry' },
      digest: createHash('sha256').update(surrogates.join('\n')).digest('hex'),
    });
    const all = await fixture.application.context.store.readJournal({ after: 0, limit: 1_000 });
    const text = all.map(({ body }) => body).join('\n');
    for (const secret of [UUID, 'MRN-0042', ...surrogates]) assert.ok(!text.includes(secret));
  });

  test('only its scope lets a service make or turn back; users and strangers neither', async (t) => {
    const { fixture, admin, maker, reverser } = await laboratory(t);
    await admin.post('/v1/datasets', { name: 'trial' });
    const body = { domain: 'patient', values: ['a'] };
    const make = (token?: string) => fixture.post('/v1/datasets/trial/surrogates', token, body);
    assert.equal((await make(reverser)).json.code, 'scope_missing');
    assert.equal((await make(admin.token)).json.code, 'caller_wrong');
    assert.equal((await make()).status, 401);
    const back = { domain: 'patient', surrogates: ['a'] };
    assert.equal(
      (await fixture.post('/v1/datasets/trial/reversals', maker, back)).json.code,
      'scope_missing',
    );
    const alice = await fixture.user('alice');
    assert.equal((await alice.post('/v1/datasets', { name: 'mine' })).status, 404);
    assert.equal((await fixture.post('/v1/datasets', reverser, { name: 'mine' })).json.code, 'scope_missing');
    assert.equal((await fixture.post('/v1/datasets', maker, { name: 'mine' })).status, 201);
    assert.equal(
      (await fixture.request('DELETE', '/v1/datasets/mine', { token: maker })).json.code,
      'resource_unknown',
    );
    assert.deepEqual(
      (await entries(fixture, 'dataset.created')).map(({ detail }) => detail),
      [
        { by: 'chief', dataset: 'trial', version: 1 },
        { dataset: 'mine', service: 'lab', version: 1 },
      ],
    );
  });

  test('destroyed keys are gone: nothing is made or turned back, and no wrapped seed is left', async (t) => {
    const { fixture, admin, make, reverse } = await laboratory(t);
    await admin.post('/v1/datasets', { name: 'trial' });
    const [old] = (await make('trial', [UUID])).json.surrogates;
    await admin.post('/v1/datasets/trial/versions');
    const [newer] = (await make('trial', [UUID])).json.surrogates;
    const destroy = (path: string) => fixture.request('DELETE', path, { token: admin.token });
    assert.equal((await destroy('/v1/datasets/trial/versions/1')).status, 200);
    assert.equal((await reverse('trial', [old])).json.code, 'dataset_destroyed');
    assert.deepEqual((await reverse('trial', [newer])).json, { values: [UUID] });
    const gone = await destroy('/v1/datasets/trial');
    assert.deepEqual(
      gone.json.versions.map((row: { status: string }) => row.status),
      ['destroyed', 'destroyed'],
    );
    assert.equal((await make('trial', [UUID])).json.code, 'dataset_destroyed');
    assert.equal((await reverse('trial', [newer])).json.code, 'dataset_destroyed');
    const rows = await fixture.application.context.store.findDataset('trial');
    assert.deepEqual(
      rows.map(({ seed }) => seed),
      ['', ''],
    );
    assert.equal((await destroy('/v1/datasets/none')).json.code, 'dataset_unknown');
  });

  test('the vault’s keys are rotated under it: surrogates stay the same', async (t) => {
    const { fixture, admin, make } = await laboratory(t);
    await admin.post('/v1/datasets', { name: 'trial' });
    const before = (await make('trial', [UUID])).json;
    const [seed] = await fixture.application.context.store.findDataset('trial');
    const rotated = await rotateKeys(fixture.application.context, {});
    assert.ok('version' in rotated && rotated.oldDestroyed, JSON.stringify(rotated));
    const [renewed] = await fixture.application.context.store.findDataset('trial');
    assert.notEqual(renewed?.seed, seed?.seed);
    assert.deepEqual((await make('trial', [UUID])).json, before);
  });

  test('a version whose key nobody has asked for yet is turned back after such a rotation, too', async (t) => {
    const { fixture, admin, make, reverse } = await laboratory(t);
    const { context } = fixture.application;
    await admin.post('/v1/datasets', { name: 'trial' });
    const [old] = (await make('trial', [UUID])).json.surrogates;
    await admin.post('/v1/datasets/trial/versions');
    // The rows of both versions are in memory now, and the key of the newer one alone.
    await make('trial', [UUID]);
    await rotateKeys(context, {});
    assert.deepEqual((await reverse('trial', [old])).json, { values: [UUID] });
  });

  test('a rotation of the vault’s keys waits for a seed that was wrapped and is not stored yet', async (t) => {
    const { fixture, admin, make } = await laboratory(t);
    const { context } = fixture.application;
    const { vault } = context;
    const generateKey = vault.generateKey.bind(vault);
    let rotation: Promise<unknown> | undefined;
    t.mock.method(vault, 'generateKey', async (owner: string) => {
      const wrapped = await generateKey(owner);
      rotation = rotateKeys(context, {});
      // Time in which a rotation that does not wait destroys the key that has wrapped it.
      await Promise.race([rotation, delay(300)]);
      return wrapped;
    });
    assert.equal((await admin.post('/v1/datasets', { name: 'trial' })).status, 201);
    await rotation;
    assert.equal((await make('trial', [UUID])).status, 200);
  });

  test('of many who make, or rotate, one dataset at once one version each is made', async (t) => {
    const { fixture, admin, maker } = await laboratory(t);
    const many = await Promise.all(
      Array.from({ length: 20 }, () => fixture.post('/v1/datasets', maker, { name: 'trial' })),
    );
    assert.equal(many.filter(({ status }) => status === 201).length, 1);
    assert.equal(many.filter(({ json }) => json.code === 'dataset_exists').length, 19);
    const rotations = await Promise.all(
      Array.from({ length: 10 }, () => admin.post('/v1/datasets/trial/versions')),
    );
    const made = rotations.filter(({ status }) => status === 201).length;
    assert.ok(made >= 1 && rotations.every(({ status }) => status === 201 || status === 503));
    const versions = await fixture.application.context.store.findDataset('trial');
    assert.deepEqual(
      versions.map(({ version, status }) => `${version} ${status}`),
      Array.from({ length: made + 1 }, (_, n) => `${n + 1} ${n === made ? 'active' : 'retired'}`),
    );
  });

  test('ten thousand in one call; more, none, or too long are refused; so is too fast', async (t) => {
    const { admin, make, reverse } = await laboratory(t, {
      flags: { '--rate-limits-reversals-count-max': '3' },
    });
    await admin.post('/v1/datasets', { name: 'trial' });
    const values = Array.from({ length: LIMITS.surrogatesPerRequestMax }, (_, n) => `patient-${n}`);
    const { surrogates } = (await make('trial', values)).json;
    assert.equal(new Set(surrogates).size, values.length);
    assert.deepEqual((await reverse('trial', surrogates)).json, { values });
    for (const bad of [[...values, 'x'], [], ['']]) assert.equal((await make('trial', bad)).status, 400);
    assert.equal((await make('trial', ['x'.repeat(LIMITS.identifierCharactersMax + 1)])).status, 400);
    assert.equal((await make('trial', ['a'], { domain: 'a|b' })).json.code, 'domain_invalid');
    assert.equal((await make('none', ['a'])).json.code, 'dataset_unknown');
    for (const name of ['', 'a b', '../x', 'x'.repeat(65)])
      assert.ok((await admin.post('/v1/datasets', { name })).status >= 400, name);
    const paced = [];
    for (let n = 0; n < 4; n++) paced.push((await reverse('trial', [surrogates[0]])).status);
    assert.deepEqual(paced, [200, 200, 429, 429]);
  });
});

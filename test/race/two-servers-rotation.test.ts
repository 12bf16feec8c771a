/*
 * Goal: keys are rotated on any of several servers, or on all at once, while both work: no request is refused, no key is
 * lost, both publish every key.
 * Method: two real applications on one PostgreSQL database and one vault process; payments by MAC and by bound code,
 * registrations, enrolments and access tokens, each answered by one server and used on the other.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../../src/application/context.ts';
import { macKeyOwner } from '../../src/application/keys/key-owner.ts';
import { publishedKeys } from '../../src/application/keys/published-keys.ts';
import { ownerOf, type RotatedKeys, rotateKeys } from '../../src/application/keys/rotate-keys.ts';
import { AccessTokens } from '../../src/application/sessions/access-tokens.ts';
import type { Session } from '../../src/application/sessions/session.ts';
import { activateToken } from '../../src/application/tokens/activate-token.ts';
import { enrolToken } from '../../src/application/tokens/enrol-token.ts';
import { authorise } from '../../src/application/transactions/authorise.ts';
import { wrapMacKey } from '../../src/application/users/mac-key.ts';
import { createUser } from '../../src/application/users/register-user.ts';
import { GENESIS_HASH } from '../../src/domain/journal/hash-chain.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import type { Store } from '../../src/ports/store.ts';
import { nonces, TRANSFER, withMac } from '../application/decisions/rewired.ts';
import { PASSWORD, registeredSession } from '../services/application.ts';
import { PostgresServer } from '../services/postgres.ts';
import { TwoApplications } from '../services/two-applications.ts';
import { callerFlags, VaultProcess } from '../services/vault.ts';

const CUSTOMERS = 6;
/** Only long enough to be told from the time between two sweeps: `atEndOfGrace` makes it as long as it has to be. */
const GRACE_MS = 300;
const LARGE = { ...TRANSFER, amount: '900.00' };
const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
  createHmac(algorithm, key).update(message).digest();

let folder = '';
let postgres: PostgresServer;
let vault: VaultProcess;
let servers: TwoApplications;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sello-test-'));
  postgres = await PostgresServer.start({ fast: true });
  vault = await VaultProcess.start(folder);
  servers = await TwoApplications.open(postgres, {
    // Challenges' keys change several times in the meantime.
    flags: { ...callerFlags(vault), '--keys-rotation-ms': '1000', '--policy-velocity': 'null' },
  });
});
after(async () => {
  await servers?.close();
  await vault?.kill();
  await postgres?.remove();
  await rm(folder, { recursive: true, force: true });
});

const context = (caller: number) => servers.of(caller).context;

/**
 * The context of a server whose sweep after the grace waits for `work`: the grace then lasts, however busy the machine is,
 * as long as what was begun on the other server before it.
 */
function atEndOfGrace(caller: number, work: () => Promise<unknown>): Context {
  const { store } = context(caller);
  let listedAt = Number.POSITIVE_INFINITY;
  const listWrappedKeys: Store['listWrappedKeys'] = async (request) => {
    if (request.after === undefined && performance.now() - listedAt >= GRACE_MS / 2) await work();
    const page = await store.listWrappedKeys(request);
    listedAt = performance.now();
    return page;
  };
  const watched = new Proxy(store, {
    get(target, name) {
      if (name === 'listWrappedKeys') return listWrappedKeys;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { ...context(caller), store: watched };
}

/** Every stored key opens under the version that is active. */
async function assertAllOpen(): Promise<number> {
  const { store, vault } = context(0);
  const keys = await store.listWrappedKeys({ after: undefined, limit: 10_000 });
  for (let from = 0; from < keys.length; from += 200) {
    const part = keys.slice(from, from + 200);
    const again = await vault.rewrap(part.map((key) => ({ owner: ownerOf(key), wrapped: key.wrapped })));
    again.forEach((wrapped, index) => {
      assert.ok(wrapped !== undefined, `the key of ${ownerOf(part[index] as never)} is lost`);
    });
  }
  return keys.length;
}

test('rotations on one server, on the other, on both at once, while both work', async (t) => {
  const customers: { session: Session; seed: Uint8Array }[] = [];
  for (let n = 0; n < CUSTOMERS; n++) {
    const session = await registeredSession(servers.of(n), `user${n}`);
    const { userId } = session;
    const enrolled = await enrolToken(context(n), { userId, type: 'ocra' });
    assert.ok('seed' in enrolled);
    const { token, seed } = enrolled;
    const code = boundCode(hmac, seed, token.activationQuestion, Date.now());
    const { tokenId } = token;
    assert.ok(!('refused' in (await activateToken(context(n + 1), { userId, tokenId, code }))));
    customers.push({ session, seed });
  }
  const counts = { byMac: 0, byCode: 0, registered: 0, enrolled: 0, tokens: 0 };
  let rotating = true;
  /** What wraps a key and commits it later. */
  const wrapping = new Set<Promise<unknown>>();
  const whileWrapping = <Result>(work: Promise<Result>): Promise<Result> => {
    wrapping.add(work);
    return work.finally(() => wrapping.delete(work));
  };
  const payments = customers.map(async ({ session, seed }, n) => {
    for (let turn = n; rotating; turn++) {
      const [byMac = '', byCode = ''] = await nonces(context(turn), session, 2);
      const question = boundQuestion({ ...LARGE, challenge: byCode, v: 1 });
      const code = boundCode(hmac, seed, question, Date.now());
      const outcomes = [
        await authorise(context(turn + 1), withMac(session, byMac)),
        await authorise(context(turn + 1), { session, transfer: LARGE, challenge: byCode, code }),
      ];
      for (const outcome of outcomes) assert.ok(!('refused' in outcome), JSON.stringify(outcome));
      counts.byMac++;
      counts.byCode++;
    }
  });
  const arrivals = [0, 1].map(async (n) => {
    for (let turn = n; rotating; turn++) {
      const username = `new${n}-${turn}`;
      const made = await whileWrapping(
        createUser(context(turn), { username, password: PASSWORD, role: 'user' }),
      );
      assert.ok('userId' in made, JSON.stringify(made));
      counts.registered++;
      const { userId } = made;
      assert.ok('seed' in (await whileWrapping(enrolToken(context(turn + 1), { userId, type: 'totp' }))));
      counts.enrolled++;
    }
  });
  const issuers = [new AccessTokens(context(0)), new AccessTokens(context(1))] as const;
  const tokens = (async () => {
    for (let turn = 0; rotating; turn++) {
      const [issuer, other] = turn % 2 === 0 ? issuers : [issuers[1], issuers[0]];
      const session = customers[turn % CUSTOMERS]?.session as Session;
      const { token } = await issuer.issue(session);
      assert.equal((await other.verify(token))?.userId, session.userId);
      counts.tokens++;
      await delay(5);
    }
  })();

  const rotate = (caller: number) =>
    rotateKeys(
      atEndOfGrace(caller, () => Promise.all(wrapping)),
      { graceMs: GRACE_MS },
    );
  const rotations: RotatedKeys[] = [await rotate(0), await rotate(1)];
  rotations.push(...(await Promise.all([rotate(0), rotate(1)])));
  rotating = false;
  await Promise.all([...payments, ...arrivals, tokens]);
  for (const { damaged } of rotations) assert.equal(damaged, 0);
  assert.ok(rotations.slice(0, 2).every(({ oldDestroyed }) => oldDestroyed));

  const stored = await assertAllOpen();
  const [published, others] = await Promise.all([0, 1].map((n) => publishedKeys(context(n).vault)));
  assert.equal(published?.length, 1 + rotations.length);
  assert.deepEqual(published, others);
  t.diagnostic(`${rotations.length} rotations: ${JSON.stringify(counts)}, ${stored} keys, refused=0`);
  assert.ok(counts.byMac > CUSTOMERS && counts.registered > 0 && counts.tokens > 0);
});

/** A registration on the other server, cut in two: the key is wrapped now, and the user is committed by the call returned. */
async function wrappedRegistration(username: string) {
  const { store, decider } = context(1);
  const [userId = 0] = await store.allocateUserIds(1);
  const macKey = await wrapMacKey(context(1), userId, PASSWORD);
  const createdAt = decider.now();
  const user = { username, role: 'user', disabled: false, macKey, createdAt } as const;
  const commit = () =>
    decider.submit({
      userId,
      newUser: {
        ...{ ...user, id: userId, tokens: [], sessions: [], passkeys: [], pending: [], state: {} },
        ...{ version: 0, at: 0, hash: GENESIS_HASH },
      },
      decide: () => ({
        result: undefined,
        draft: {
          ...{ type: 'user.registered', state: {} },
          rows: [{ kind: 'user.insert', ...user, userId, passwordHash: '' }],
        },
      }),
    });
  return { userId, commit };
}

test('a key that the other server wrapped before and commits in the grace is not lost; without grace it is', async () => {
  const opens = async (userId: number) => {
    const [record] = await context(0).store.load([userId], Number.POSITIVE_INFINITY);
    const request = { owner: macKeyOwner(userId), wrapped: record?.macKey ?? '' };
    return (await context(0).vault.rewrap([request]))[0] !== undefined;
  };
  const late = await wrappedRegistration('late');
  let committed = false;
  const { oldDestroyed } = await rotateKeys(
    atEndOfGrace(0, async () => {
      if (!committed) await late.commit();
      committed = true;
    }),
    { graceMs: GRACE_MS },
  );
  assert.deepEqual([committed, oldDestroyed], [true, true]);
  assert.equal(await opens(late.userId), true);

  const lost = await wrappedRegistration('lost');
  await rotateKeys(context(0), { graceMs: 0 });
  await lost.commit();
  assert.equal(await opens(lost.userId), false, 'the test would notice');
});

import type { Context } from '../../src/application/context.ts';
import { macKeyOwner, seedOwner } from '../../src/application/keys/key-owner.ts';
import { createService } from '../../src/application/services/manage-services.ts';
import { AccessTokens } from '../../src/application/sessions/access-tokens.ts';
import { requestTransaction } from '../../src/application/transactions/request-transaction.ts';
import { type RunningServer, startServer } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { GENESIS_HASH } from '../../src/domain/journal/hash-chain.ts';
import { BOUND_SUITE } from '../../src/domain/otp/bound-code.ts';
import { LIMITS } from '../../src/limits.ts';
import { HOTP_DIGITS, REST_TRANSFER, type RestStage, type RestUser } from '../rest/setup.ts';
import { answerRequests } from './child.ts';
import { type ServerUsage, UsageMeter } from './usage.ts';

type Pending = RestUser['pending'][number];

const SILENT = { debug() {}, info() {}, warn() {}, error: console.error };
const meter = new UsageMeter();
let running: RunningServer | undefined;
let close: () => Promise<void> = async () => {};

const handlers: Record<string, (argument: never) => Promise<unknown>> = {
  start,
  refill,
  usage,
};

async function start({ folder, users }: { folder: string; users: number }): Promise<RestStage> {
  const flags = {
    '--data-dir': folder,
    '--tcp-port': '0',
    '--http-port': '0',
    '--keys-challenge-ttl-ms': '3600000',
    '--policy-velocity': '{"window_ms":86400000,"amount_max":"999999999999999.00"}',
  };
  const server = await startServer(loadConfig({ flags }).config, SILENT);
  running = server;
  close = () => server.stop();
  meter.start();
  const { context } = server.application;
  const service = await createService(context, { name: 'bench', scopes: ['codes:verify'] });
  if ('refused' in service) throw new Error(service.refused);
  const tokens = new AccessTokens(context);
  const made = await Promise.all(
    Array.from({ length: users }, (_, index) => makeUser(context, tokens, `user${index}`)),
  );
  return { port: server.http.address().port, key: service.key, users: made };
}

/** Writes what a registration, an enrolment and a log-in leave in the store, without the cost of hashing passwords. */
async function makeUser(context: Context, tokens: AccessTokens, username: string): Promise<RestUser> {
  const { store, vault, decider, random } = context;
  const [id = 0] = await store.allocateUserIds(1);
  const [macKey = ''] = await vault.wrap([{ owner: macKeyOwner(id), key: random.bytes(32) }]);
  const tokenId = `token${id}`;
  const { wrapped, seed } = await vault.generateSeed(32, seedOwner(id, tokenId));
  const hotpId = `counter${id}`;
  const hotp = await vault.generateSeed(20, seedOwner(id, hotpId));
  const createdAt = decider.now();
  const common = { username, macKey, role: 'user', disabled: false, createdAt } as const;
  const token = { status: 'active', periodS: 60, label: '', activationQuestion: '', createdAt } as const;
  const session = {
    userId: id,
    sessionId: id.toString(16).padStart(64, '0'),
    createdAt,
    expiresAt: createdAt + 36_000_000,
    kind: 'login' as const,
    label: '',
    tokenId: '',
    proof: 'second_factor' as const,
    provenAt: 0,
    invitedBy: '',
  };
  await decider.submit({
    userId: id,
    newUser: {
      ...common,
      id,
      tokens: [],
      sessions: [],
      pending: [],
      passkeys: [],
      version: 0,
      at: 0,
      hash: GENESIS_HASH,
      state: {},
    },
    decide: () => ({
      result: undefined,
      draft: {
        type: 'user.registered',
        state: {},
        rows: [
          { kind: 'user.insert', userId: id, passwordHash: '-', ...common },
          {
            kind: 'token.insert',
            token: {
              ...{ userId: id, tokenId, type: 'ocra', algorithm: 'sha256', digits: 6, suite: BOUND_SUITE },
              ...{ ...token, seed: wrapped },
            },
          },
          {
            kind: 'token.insert',
            token: {
              ...{
                userId: id,
                tokenId: hotpId,
                type: 'hotp',
                algorithm: 'sha1',
                digits: HOTP_DIGITS,
                suite: '',
              },
              ...{ ...token, seed: hotp.wrapped },
            },
          },
          { kind: 'session.insert', session },
        ],
      },
    }),
  });
  const access = await tokens.issue({ ...session, username, role: 'user' });
  return { username, seed, hotpSeed: hotp.seed, accessToken: access.token, pending: [] };
}

/** Requests as many pending transactions as each user may have, users in turn, as a service's customers come one after another. */
async function refill(): Promise<readonly RestUser['pending'][]> {
  if (!running) throw new Error('no server runs');
  const { context } = running.application;
  const { store, userCache } = context;
  const ids = (await store.listUsers({ after: 0, limit: 100_000 })).map(({ userId }) => userId);
  const users = ids.filter((userId) => userId > 0).map((userId) => ({ userId, pending: [] as Pending[] }));
  for (let turn = 0; turn < LIMITS.pendingTransactionsPerUserMax; turn++) {
    await Promise.all(
      users.map(async ({ userId, pending }) => {
        const waiting = (await userCache.getOrLoad(userId))?.pending.length ?? 0;
        if (waiting >= LIMITS.pendingTransactionsPerUserMax) return;
        const row = await requestTransaction(context, { userId, transfer: REST_TRANSFER, serviceId: '' });
        if ('refused' in row) throw new Error(row.refused);
        pending.push({ id: row.transactionId, challenge: row.challenge });
      }),
    );
  }
  return users.map(({ pending }) => pending);
}

async function usage(): Promise<ServerUsage> {
  return meter.read(running?.application.context);
}

async function stop(): Promise<void> {
  await close();
}

answerRequests(handlers, stop);

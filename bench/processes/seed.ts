import { macKeyOwner, seedOwner } from '../../src/application/keys/key-owner.ts';
import { sessionIdOf } from '../../src/application/sessions/session.ts';
import { type Application, openApplication } from '../../src/compose.ts';
import { loadConfig } from '../../src/config.ts';
import { type EntryType, encodeBody } from '../../src/domain/journal/entry.ts';
import { chainHash, GENESIS_HASH } from '../../src/domain/journal/hash-chain.ts';
import { BOUND_SUITE } from '../../src/domain/otp/bound-code.ts';
import type { Decision, SideRow, UserId } from '../../src/ports/store.ts';
import { exampleTransaction } from '../fixtures/example-entry.ts';
import {
  macKey,
  PASSWORD,
  sessionSecretOf,
  tokenIdOf,
  tokenSeedOf,
  usernameOf,
} from '../fixtures/identities.ts';
import { answerRequests } from './child.ts';

/** Writes users and entries through the ports as decisions would: a hundred thousand real registrations take an hour of Argon2id. */

export interface SeedOptions {
  readonly folder: string;
  readonly users: number;
  /** The first so many users have a token for bound codes. */
  readonly tokens: number;
  /** Entries in the whole journal, including each user's first two. */
  readonly entries: number;
  /** Flags of the configuration, such as the vault's URL. */
  readonly flags?: Readonly<Record<string, string>>;
}

const BATCH = 8_192;
const AGE_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A prime: neighbours in the journal are not neighbours by id. */
const STRIDE = 7_919;

interface Chain {
  readonly versions: Int32Array;
  readonly hashes: string[];
}

async function seed(options: SeedOptions): Promise<void> {
  const { config } = loadConfig({ flags: { '--data-dir': options.folder, ...options.flags } });
  const application = await openApplication(config);
  try {
    const chain = await seedUsers(application, options);
    await seedEntries(application, options, chain);
  } finally {
    await application.close();
  }
}

async function seedUsers(application: Application, { users, tokens }: SeedOptions): Promise<Chain> {
  const { store, vault, context } = application;
  const chain: Chain = {
    versions: new Int32Array(users + 1),
    hashes: new Array<string>(users + 1).fill(GENESIS_HASH),
  };
  const passwordHash = (await context.passwords.hash(PASSWORD)) ?? '';
  const key = macKey();
  const now = Date.now();
  const at = now - AGE_MS;
  for (let first = 1; first <= users; first += BATCH / 2) {
    const ids = await store.allocateUserIds(Math.min(BATCH / 2, users - first + 1));
    const macKeys = await vault.wrap(ids.map((userId) => ({ owner: macKeyOwner(userId), key })));
    const decisions: Decision[] = [];
    for (const [index, userId] of ids.entries()) {
      const rows: SideRow[] = [
        {
          kind: 'user.insert',
          userId,
          username: usernameOf(userId),
          passwordHash,
          macKey: macKeys[index] ?? '',
          role: 'user',
          disabled: false,
          createdAt: at,
        },
      ];
      if (userId <= tokens) rows.push(await tokenRow(application, userId, at));
      decisions.push(decide(chain, userId, at, 'user.registered', rows));
      const sessionId = sessionIdOf(sessionSecretOf(userId));
      const session = {
        ...{
          userId,
          sessionId,
          kind: 'login' as const,
          label: '',
          tokenId: '',
          proof: 'second_factor' as const,
          provenAt: 0,
          invitedBy: '',
        },
        ...{ createdAt: at, expiresAt: now + DAY_MS },
      } as const;
      decisions.push(decide(chain, userId, at, 'login.accepted', [{ kind: 'session.insert', session }]));
    }
    await append(application, decisions);
  }
  return chain;
}

async function tokenRow({ vault }: Application, userId: UserId, createdAt: number): Promise<SideRow> {
  const tokenId = tokenIdOf(userId);
  const [seed = ''] = await vault.wrap([{ owner: seedOwner(userId, tokenId), key: tokenSeedOf(userId) }]);
  return {
    kind: 'token.insert',
    token: {
      userId,
      tokenId,
      type: 'ocra',
      status: 'active',
      algorithm: 'sha256',
      digits: 6,
      periodS: 60,
      suite: BOUND_SUITE,
      label: '',
      seed,
      activationQuestion: '',
      createdAt,
    },
  };
}

async function seedEntries(
  application: Application,
  { users, entries }: SeedOptions,
  chain: Chain,
): Promise<void> {
  const at = Date.now() - AGE_MS;
  for (let written = users * 2; written < entries; ) {
    const decisions: Decision[] = [];
    for (; written < entries && decisions.length < BATCH; written++) {
      const userId = ((written * STRIDE) % users) + 1;
      const time = at.toString(16).padStart(12, '0');
      const challenge = `${time}${written.toString(16).padStart(52, '5')}`;
      decisions.push(decide(chain, userId, at, 'transaction.approved', [], challenge));
    }
    await append(application, decisions);
  }
}

function decide(
  chain: Chain,
  userId: UserId,
  at: number,
  type: EntryType,
  rows: readonly SideRow[],
  challenge?: string,
): Decision {
  const version = (chain.versions[userId] ?? 0) + 1;
  const body = encodeBody({
    at,
    ...(challenge === undefined
      ? {}
      : { detail: { proofs: 'mac' }, transaction: exampleTransaction(challenge) }),
    type,
    user: usernameOf(userId),
    version,
  });
  const hash = chainHash(chain.hashes[userId] ?? GENESIS_HASH, body);
  chain.versions[userId] = version;
  chain.hashes[userId] = hash;
  return { entry: { userId, version, at, type, state: '{}', body, hash, challenge }, rows };
}

async function append(application: Application, decisions: readonly Decision[]): Promise<void> {
  const outcomes = await application.store.append(decisions);
  if (outcomes.some((outcome) => outcome !== 'appended')) throw new Error('the folder was not empty');
}

answerRequests({ seed });

/*
 * Goal: messages are opened and verified by implementations that are not ours, and what those make is opened here and taken by
 * the relay.
 * Method: jwcrypto and joserfc in a Python environment, go-jose by the Go command, nimbus-jose-jwt by Maven and Java's launcher of
 * single files (a JDK), each fetched once into ~/.cache/sello from its registry. Where that cannot be, its tests are skipped with the reason.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { access, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import { exportJWK, type JWK } from 'jose';
import {
  type Correspondent,
  type IdentityKeys,
  makeIdentityKeys,
  publicJwksOf,
  readCorrespondent,
} from '../../src/client/messages/identity-keys.ts';
import { openMessage } from '../../src/client/messages/open-message.ts';
import { sealMessage } from '../../src/client/messages/seal-message.ts';
import { isRefusal } from '../../src/domain/errors.ts';
import { readMessage } from '../../src/wire/read-message.ts';

const run = promisify(execFile);
const CACHE = join(homedir(), '.cache/sello');
const PYTHON = join(CACHE, 'jose-python');
const GO = join(CACHE, 'jose-go');
const GO_JOSE = 'github.com/go-jose/go-jose/v4@v4.1.9';
const JAVA = join(CACHE, 'jose-java');
const NIMBUS = 'nimbus-jose-jwt-9.48.jar';
const NIMBUS_SHA256 = '5e4b95df5105722fdcfcfec987be4e387389c53760d167e43d4356e982957172';
const MAVEN_COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
const FETCH_TIME_MS = 120_000;

interface Party {
  readonly keys: IdentityKeys;
  readonly shown: Correspondent;
  readonly sign: JWK;
  readonly seal: JWK;
}
let alice: Party;
let bob: Party;
let carol: Party;

async function party(user: string): Promise<Party> {
  const keys = await makeIdentityKeys(true);
  const shown = await readCorrespondent({ user, ...(await publicJwksOf(keys)) });
  assert.ok(shown);
  const [sign, seal] = [await exportJWK(keys.sign.privateKey), await exportJWK(keys.seal.privateKey)];
  return { keys, shown, sign, seal };
}

before(async () => {
  [alice, bob, carol] = [await party('alice'), await party('bob'), await party('carol')];
});

/** @returns why it cannot be had */
async function missing(prepare: () => Promise<unknown>): Promise<string | false> {
  try {
    await prepare();
    return false;
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? 'unknown';
  }
}

const python = join(PYTHON, 'bin/python');
const noPython = await missing(async () => {
  if (
    await access(python).then(
      () => true,
      () => false,
    )
  )
    return;
  await run('python3', ['-m', 'venv', PYTHON], { timeout: FETCH_TIME_MS });
  await run(python, ['-m', 'pip', 'install', '-q', 'jwcrypto', 'joserfc'], { timeout: FETCH_TIME_MS });
});
const goProgram = join(GO, 'jose');
const noGo = await missing(async () => {
  if (
    await access(goProgram).then(
      () => true,
      () => false,
    )
  )
    return;
  await mkdir(GO, { recursive: true });
  await copyFile(join(import.meta.dirname, 'jose.go'), join(GO, 'main.go'));
  await writeFile(join(GO, 'go.mod'), 'module sello/jose\n\ngo 1.22\n');
  await run('go', ['get', GO_JOSE], { cwd: GO, timeout: FETCH_TIME_MS });
  await run('go', ['build', '-o', goProgram, '.'], { cwd: GO, timeout: FETCH_TIME_MS });
});

const nimbus = join(JAVA, NIMBUS);
const noJava = await missing(async () => {
  await run('javac', ['-version']);
  if (
    !(await access(nimbus).then(
      () => true,
      () => false,
    ))
  )
    await run(
      'mvn',
      [
        ...['--batch-mode', '--quiet', MAVEN_COPY, `-DoutputDirectory=${JAVA}`],
        ...['-Dartifact=com.nimbusds:nimbus-jose-jwt:9.48', `-Dmaven.repo.local=${join(JAVA, 'repository')}`],
      ],
      { timeout: FETCH_TIME_MS },
    );
  const digest = createHash('sha256')
    .update(await readFile(nimbus))
    .digest('hex');
  if (digest !== NIMBUS_SHA256) throw new Error(`${NIMBUS} has another checksum`);
});
const javaArguments = ['-cp', nimbus, join(import.meta.dirname, 'JoseTool.java')];

async function ask(program: string, args: readonly string[], asked: object) {
  const running = run(program, [...args], { timeout: 30_000 });
  running.child.stdin?.end(JSON.stringify(asked));
  return JSON.parse((await running).stdout);
}
const tools = join(import.meta.dirname, 'jose_tools.py');

async function sealed(to: readonly Party[]): Promise<string> {
  return sealMessage({
    ...{ user: 'alice', keys: alice.keys, recipients: to.map(({ shown }) => shown) },
    ...{ content: Buffer.from('ñ👋'), contentType: 'text/plain', now: Date.now(), lifetimeMs: 60_000 },
    id: randomUUID(),
  });
}

for (const [name, skip, opens] of [
  [
    'jwcrypto',
    noPython,
    (jwe: object, { seal }: Party) =>
      ask(python, [tools], { tool: 'jwcrypto', do: 'open', jwe, seal, sign: alice.shown.signJwk }),
  ],
  [
    'joserfc',
    noPython,
    (jwe: object, { seal, keys }: Party) =>
      ask(python, [tools], {
        tool: 'joserfc',
        do: 'open',
        jwe,
        seal,
        kid: keys.sealKey,
        sign: alice.shown.signJwk,
      }),
  ],
  [
    'go-jose',
    noGo,
    (jwe: object, { seal }: Party) => ask(goProgram, [], { jwe, seal, sign: alice.shown.signJwk }),
  ],
  [
    'nimbus-jose-jwt',
    noJava,
    (jwe: object, { seal }: Party) =>
      ask('java', javaArguments, { do: 'open', jwe, seal, sign: alice.shown.signJwk }),
  ],
] as const) {
  test(`${name} opens what we seal, to one and to several, and verifies who signed it`, {
    skip,
  }, async () => {
    for (const readers of [[bob], [bob, carol]]) {
      const jwe = JSON.parse(await sealed(readers));
      for (const reader of readers) {
        const { claims } = await opens(jwe, reader);
        assert.equal(claims.iss, 'alice');
        assert.equal(Buffer.from(claims.body, 'base64url').toString(), 'ñ👋');
      }
      const { tag } = jwe;
      await assert.rejects(opens({ ...jwe, tag: `${tag[0] === 'A' ? 'B' : 'A'}${tag.slice(1)}` }, bob));
      await assert.rejects(opens(jwe, alice));
    }
  });
}

for (const [name, skip, makes] of [
  ['jwcrypto', noPython, (asked: object) => ask(python, [tools], { tool: 'jwcrypto', ...asked })],
  ['nimbus-jose-jwt', noJava, (asked: object) => ask('java', javaArguments, asked)],
] as const) {
  test(`what ${name} seals is taken by the relay, and opened`, { skip }, async () => {
    for (const readers of [[bob], [bob, carol]]) {
      const jti = randomUUID();
      const iat = Math.floor(Date.now() / 1000);
      const { jwe } = await makes({
        ...{ do: 'make', sign: alice.sign, kid: alice.keys.signKey },
        recipients: readers.map(({ shown }) => ({ jwk: shown.sealJwk, kid: shown.sealKey })),
        claims: {
          ...{ iss: 'alice', aud: readers.map(({ keys }) => keys.sealKey), jti, iat, exp: iat + 60 },
          ...{ cty: 'text/plain', body: Buffer.from(name).toString('base64url') },
        },
      });
      const text = JSON.stringify(jwe);
      const read = await readMessage(Buffer.from(text));
      if (readers.length > 1) {
        assert.ok(!isRefusal(read), JSON.stringify(read));
        assert.equal(read.envelope.jti, jti);
      }
      const opened = await openMessage(text, bob.keys, alice.shown, Date.now());
      assert.ok(!('problem' in opened), JSON.stringify([opened, jwe]));
      assert.equal(Buffer.from(opened.content).toString(), name);
    }
  });
}

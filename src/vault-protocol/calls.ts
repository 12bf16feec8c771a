import type { DerivedKeyPurpose, KeyPairUse, KeyVault, MacAlgorithm, PublicKey } from '../ports/key-vault.ts';
import { type ByteReader, type ByteWriter, MalformedMessage } from './bytes.ts';

/** The calls of a vault in another process. */
export type VaultCallName = Exclude<keyof KeyVault, 'custody' | 'close'>;

type Arguments<Name extends VaultCallName> = Parameters<KeyVault[Name]>;
type Answer<Name extends VaultCallName> = Awaited<ReturnType<KeyVault[Name]>>;

/** One call as bytes: the client writes what the vault's process reads, and the other way round. */
interface CallForm<Name extends VaultCallName> {
  /** The kind of the call's frames. */
  readonly kind: number;
  /** Whether the call belongs to making, activating or destroying keys, which only key managers may do. */
  readonly managesKeys: boolean;
  write(out: ByteWriter, ...given: Arguments<Name>): void;
  read(from: ByteReader): Arguments<Name>;
  writeAnswer(out: ByteWriter, answer: Answer<Name>): void;
  readAnswer(from: ByteReader): Answer<Name>;
}

const ALGORITHMS: readonly MacAlgorithm[] = ['sha1', 'sha256', 'sha512'];
const USES: readonly KeyPairUse[] = ['sign', 'seal'];
const PURPOSES: readonly DerivedKeyPurpose[] = ['challenge', 'session'];

export const VAULT_CALLS: { readonly [Name in VaultCallName]: CallForm<Name> } = {
  computeMacs: {
    kind: 1,
    managesKeys: false,
    write(out, requests) {
      writeList(out, requests, ({ owner, wrapped, algorithm, message }) => {
        out.text(owner);
        out.text(wrapped);
        out.byte(ALGORITHMS.indexOf(algorithm));
        out.bytes(message);
      });
    },
    read: (from) => [
      from.list(() => ({
        owner: from.text(),
        wrapped: from.text(),
        algorithm: oneOf(ALGORITHMS, from.byte()),
        message: from.bytes(),
      })),
    ],
    writeAnswer: (out, macs) => writeList(out, macs, (mac) => out.bytes(mac ?? NOTHING)),
    readAnswer: (from) => from.list(() => something(from.bytes())),
  },
  wrap: {
    kind: 2,
    managesKeys: false,
    write(out, requests) {
      writeList(out, requests, ({ owner, key }) => {
        out.text(owner);
        out.bytes(key);
      });
    },
    read: (from) => [from.list(() => ({ owner: from.text(), key: from.bytes() }))],
    writeAnswer: (out, wrapped) => writeList(out, wrapped, (each) => out.text(each)),
    readAnswer: (from) => from.list(() => from.text()),
  },
  generateSeed: {
    kind: 3,
    managesKeys: false,
    write(out, length, owner) {
      out.number(length);
      out.text(owner);
    },
    read: (from) => [from.number(), from.text()],
    writeAnswer(out, { wrapped, seed }) {
      out.text(wrapped);
      out.bytes(seed);
    },
    readAnswer: (from) => ({ wrapped: from.text(), seed: Buffer.from(from.bytes()) }),
  },
  deriveKey: {
    kind: 4,
    managesKeys: false,
    write(out, purpose, context) {
      out.byte(PURPOSES.indexOf(purpose));
      out.text(context);
    },
    read: (from) => [oneOf(PURPOSES, from.byte()), from.text()],
    writeAnswer: (out, key) => out.bytes(key),
    readAnswer: (from) => Buffer.from(from.bytes()),
  },
  sign: {
    kind: 5,
    managesKeys: false,
    write: (out, messages) => writeList(out, messages, (message) => out.bytes(message)),
    read: (from) => [from.list(() => from.bytes())],
    writeAnswer(out, signatures) {
      writeList(out, signatures, ({ keyId, signature }) => {
        out.text(keyId);
        out.bytes(signature);
      });
    },
    readAnswer: (from) => from.list(() => ({ keyId: from.text(), signature: from.bytes() })),
  },
  publicKeys: {
    kind: 6,
    managesKeys: false,
    write() {},
    read: () => [],
    writeAnswer(out, keys) {
      writeList(out, keys, ({ jwk, active }) => {
        out.byte(active ? 1 : 0);
        out.text(JSON.stringify(jwk));
      });
    },
    readAnswer: (from) => from.list(() => ({ active: from.byte() === 1, jwk: readJwk(from.text()) })),
  },
  activeKeyVersion: {
    kind: 7,
    managesKeys: false,
    write() {},
    read: () => [],
    writeAnswer: (out, version) => out.number(version),
    readAnswer: (from) => from.number(),
  },
  createKeyVersion: {
    kind: 8,
    managesKeys: true,
    write() {},
    read: () => [],
    writeAnswer: (out, version) => out.number(version),
    readAnswer: (from) => from.number(),
  },
  rewrap: {
    kind: 9,
    managesKeys: true,
    write(out, requests) {
      writeList(out, requests, ({ owner, wrapped }) => {
        out.text(owner);
        out.text(wrapped);
      });
    },
    read: (from) => [from.list(() => ({ owner: from.text(), wrapped: from.text() }))],
    writeAnswer: (out, wrapped) => writeList(out, wrapped, (each) => out.text(each ?? '')),
    readAnswer: (from) => from.list(() => from.text() || undefined),
  },
  destroyKeyVersionsBelow: {
    kind: 10,
    managesKeys: true,
    write: (out, version) => out.number(version),
    read: (from) => [from.number()],
    writeAnswer() {},
    readAnswer: () => undefined,
  },
  listKeyVersions: {
    kind: 12,
    managesKeys: false,
    write() {},
    read: () => [],
    writeAnswer(out, versions) {
      writeList(out, versions, ({ version, createdAt, unwraps, keyId }) => {
        out.number(version);
        out.number(createdAt);
        out.byte(unwraps ? 1 : 0);
        out.text(keyId);
      });
    },
    readAnswer: (from) =>
      from.list(() => ({
        version: from.number(),
        createdAt: from.number(),
        unwraps: from.byte() === 1,
        keyId: from.text(),
      })),
  },
  generateKey: {
    kind: 15,
    managesKeys: false,
    write: (out, owner) => out.text(owner),
    read: (from) => [from.text()],
    writeAnswer: (out, wrapped) => out.text(wrapped),
    readAnswer: (from) => from.text(),
  },
  deriveFromKey: {
    kind: 16,
    managesKeys: false,
    write(out, { owner, wrapped, context }) {
      out.text(owner);
      out.text(wrapped);
      out.text(context);
    },
    read: (from) => [{ owner: from.text(), wrapped: from.text(), context: from.text() }],
    writeAnswer: (out, key) => out.bytes(key ?? NOTHING),
    readAnswer: (from) => copied(something(from.bytes())),
  },
  generateKeyPair: {
    kind: 17,
    managesKeys: false,
    write(out, use, owner) {
      out.byte(USES.indexOf(use));
      out.text(owner);
    },
    read: (from) => [oneOf(USES, from.byte()), from.text()],
    writeAnswer(out, { wrapped, publicPoint }) {
      out.text(wrapped);
      out.bytes(publicPoint);
    },
    readAnswer: (from) => ({ wrapped: from.text(), publicPoint: Uint8Array.from(from.bytes()) }),
  },
  signByKeys: {
    kind: 18,
    managesKeys: false,
    write(out, requests) {
      writeList(out, requests, ({ owner, wrapped, digest }) => {
        out.text(owner);
        out.text(wrapped);
        out.bytes(digest);
      });
    },
    read: (from) => [from.list(() => ({ owner: from.text(), wrapped: from.text(), digest: from.bytes() }))],
    writeAnswer: (out, signatures) =>
      writeList(out, signatures, (signature) => out.bytes(signature ?? NOTHING)),
    readAnswer: (from) => from.list(() => something(from.bytes())),
  },
  agreeByKeys: {
    kind: 19,
    managesKeys: false,
    write(out, requests) {
      writeList(out, requests, ({ owner, wrapped, publicPoint }) => {
        out.text(owner);
        out.text(wrapped);
        out.bytes(publicPoint);
      });
    },
    read: (from) => [
      from.list(() => ({ owner: from.text(), wrapped: from.text(), publicPoint: from.bytes() })),
    ],
    writeAnswer: (out, keys) => writeList(out, keys, (key) => out.bytes(key ?? NOTHING)),
    readAnswer: (from) => from.list(() => copied(something(from.bytes()))),
  },
  logPublicKey: {
    kind: 13,
    managesKeys: false,
    write() {},
    read: () => [],
    writeAnswer: (out, key) => out.bytes(key),
    readAnswer: (from) => Uint8Array.from(from.bytes()),
  },
  signLog: {
    kind: 14,
    managesKeys: false,
    write: (out, message) => out.bytes(message),
    read: (from) => [from.bytes()],
    writeAnswer: (out, signature) => out.bytes(signature),
    readAnswer: (from) => Uint8Array.from(from.bytes()),
  },
  deriveKeys: {
    kind: 11,
    managesKeys: false,
    write(out, purpose, context) {
      out.byte(PURPOSES.indexOf(purpose));
      out.text(context);
    },
    read: (from) => [oneOf(PURPOSES, from.byte()), from.text()],
    writeAnswer(out, keys) {
      writeList(out, keys, ({ version, createdAt, key }) => {
        out.number(version);
        out.number(createdAt);
        out.bytes(key);
      });
    },
    readAnswer: (from) =>
      from.list(() => ({
        version: from.number(),
        createdAt: from.number(),
        key: Buffer.from(from.bytes()),
      })),
  },
};

function copied(bytes: Buffer | undefined): Buffer | undefined {
  return bytes && Buffer.from(bytes);
}

const NAMES = new Map(
  (Object.keys(VAULT_CALLS) as VaultCallName[]).map((name) => [VAULT_CALLS[name].kind, name]),
);

/**
 * @returns `undefined` for a kind that is not a call
 *
 * Why: docs/DECISIONS.md#the-vault-protocol-is-neither-wire-nor-adapter
 */
export function vaultCallOf(kind: number): VaultCallName | undefined {
  return NAMES.get(kind);
}

/** How a call ended: the kind of its answer's frame. All but `done` carry a reason, for people. */
export const VAULT_ANSWERS = {
  done: 0,
  unavailable: 1,
  outOfRange: 2,
  forbidden: 3,
  malformed: 4,
  /** First frame of a connection, with id 0: the caller was admitted. */
  welcome: 5,
  /** First and last frame of a connection: the caller was refused. */
  refused: 6,
} as const;

/** Reads the public members of a JWK and drops all others, so that nothing else is published. */
function readJwk(text: string): PublicKey['jwk'] {
  let read: Partial<Record<keyof PublicKey['jwk'], unknown>> | null;
  try {
    read = JSON.parse(text);
  } catch {
    throw new MalformedMessage('a public key is no JSON');
  }
  const { kty, crv, x, y, kid, alg, use } = read ?? {};
  const texts = [x, y, kid].every((member) => typeof member === 'string');
  if (!texts || kty !== 'EC' || crv !== 'P-256' || alg !== 'ES256' || use !== 'sig') {
    throw new MalformedMessage('a public key is none of P-256');
  }
  return { kty, crv, x, y, kid, alg, use } as PublicKey['jwk'];
}

const NOTHING = new Uint8Array(0);

function something(bytes: Buffer): Buffer | undefined {
  return bytes.length === 0 ? undefined : bytes;
}

function writeList<Item>(out: ByteWriter, items: readonly Item[], write: (item: Item) => void): void {
  out.count(items.length);
  for (const item of items) write(item);
}

function oneOf<Choice>(choices: readonly Choice[], index: number): Choice {
  const choice = choices[index];
  if (choice === undefined) throw new MalformedMessage(`there is no choice ${index}`);
  return choice;
}

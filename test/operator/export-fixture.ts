// Exports of a sealed journal as `sello audit export` writes them, and checkpoints over them.
import { generateKeyPairSync, sign } from 'node:crypto';
import { encodeBody } from '../../src/domain/journal/entry.ts';
import { chainHash, GENESIS_HASH } from '../../src/domain/journal/hash-chain.ts';
import { formatCheckpoint } from '../../src/domain/log/checkpoint.ts';
import { nativeTreeHasher } from '../../src/domain/log/native-tree-hasher.ts';
import { formatNote } from '../../src/domain/log/signed-note.ts';
import { appendEntries, EMPTY_EDGE, edgeRoot } from '../../src/domain/log/tree-edge.ts';
import { formatVerifierKey } from '../../src/domain/log/verifier-key.ts';
import { noteVerifierKey } from '../../src/domain/log/verify-note.ts';

/** The lines of an export of some users whose entries are mixed. */
export function exportLines(entries: number, users = 5, seed = 'x'): string[] {
  const heads = new Map<string, { version: number; hash: string }>();
  return Array.from({ length: entries }, (_, index) => {
    const user = `user ${(index * 7) % users} ñ"`;
    const head = heads.get(user) ?? { version: 0, hash: GENESIS_HASH };
    const version = head.version + 1;
    const body = encodeBody({
      ...{ at: 1_700_000_000_000 + index, user, version },
      ...{ type: version === 1 ? 'user.registered' : 'login.accepted', detail: { seed, b: true, n: index } },
    });
    const hash = chainHash(head.hash, body);
    heads.set(user, { version, hash });
    return `{"index":${index},"body":${body},"previous":"${head.hash}","hash":"${hash}"}`;
  });
}

export interface LogKey {
  readonly vkey: string;
  readonly signed: (text: string) => string;
}

export function logKey(name: string): LogKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const key = noteVerifierKey(name, raw);
  return {
    vkey: formatVerifierKey(key),
    signed: (text) =>
      formatNote({
        text,
        signatures: [{ name, keyId: key.keyId, signature: sign(null, Buffer.from(text), privateKey) }],
      }),
  };
}

/** The checkpoint over the first `size` lines. */
export function checkpointOver(lines: readonly string[], size: number, origin: string, key: LogKey): string {
  const hashes = lines
    .slice(0, size)
    .map((line) => Buffer.from(/"hash":"([0-9a-f]{64})"\}$/.exec(line)?.[1] ?? '', 'hex'));
  const { edge } = appendEntries(nativeTreeHasher, EMPTY_EDGE, Buffer.concat(hashes));
  return key.signed(formatCheckpoint({ origin, size, root: edgeRoot(nativeTreeHasher, edge) }));
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openSqliteReader } from '../../src/compose.ts';
import { canonicalJson } from '../domain/encoding/rfc8785.ts';

export interface JournalBody {
  readonly at: string;
  readonly type: string;
  readonly user: string;
  readonly version: number;
  readonly reason?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly transaction?: {
    readonly id: string;
    readonly amount: string;
    readonly payer: string;
    readonly payee: string;
    readonly challenge: string;
  };
}

/**
 * All entries of a data folder, after checking by other code than the server's that each chain fits: versions dense,
 * each hash SHA-256(previous ‖ body), bodies in RFC 8785 form, no time before the one of the entry before it, and no page of the file damaged.
 */
export async function readJournal(folder: string): Promise<readonly JournalBody[]> {
  const reader = await openSqliteReader(join(folder, 'sello.sqlite'));
  try {
    const chains = new Map<number, { version: number; hash: Buffer; at: string }>();
    const bodies: JournalBody[] = [];
    for (let after = 0; ; ) {
      const page = await reader.readJournal({ after, limit: 4_096 });
      if (page.length === 0) break;
      for (const { position, userId, version, body, hash } of page) {
        assert.equal(position, after + 1, 'positions are dense');
        after = position;
        const last = chains.get(userId) ?? { version: 0, hash: Buffer.alloc(32), at: '' };
        const own = createHash('sha256').update(last.hash).update(body, 'utf8').digest();
        const parsed = JSON.parse(body) as JournalBody;
        assert.equal(own.toString('hex'), hash, `the hash of entry ${position}`);
        assert.equal(version, last.version + 1, `the version of entry ${position}`);
        assert.equal(parsed.version, version);
        assert.equal(canonicalJson(parsed), body, `the form of entry ${position}`);
        assert.ok(parsed.at >= last.at, `entry ${position} is of ${parsed.at}, the one before of ${last.at}`);
        chains.set(userId, { version, hash: own, at: parsed.at });
        bodies.push(parsed);
      }
    }
    assert.deepEqual(await reader.verifyIntegrity(), []);
    return bodies;
  } finally {
    await reader.close();
  }
}

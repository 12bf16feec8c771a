import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { nativeTreeHasher as hasher } from '../../../src/domain/log/native-tree-hasher.ts';
import { verifyConsistency, verifyInclusion } from '../../../src/domain/log/proofs.ts';
import { nodeInTile, TILE_WIDTH, tileWidth } from '../../../src/domain/log/tiles.ts';
import {
  appendEntries,
  EMPTY_EDGE,
  edgeRoot,
  leavesOf,
  partialTile,
  type TreeEdge,
} from '../../../src/domain/log/tree-edge.ts';
import {
  consistencyRanges,
  inclusionRanges,
  type LeafRange,
  type TreeNode,
} from '../../../src/domain/log/tree-ranges.ts';
import { perfectRoot, rangeRoots, treeRoot } from '../../../src/domain/log/tree-roots.ts';
import { referenceConsistency, referencePath, referenceRoot } from './reference-tree.ts';

const HASH = 32;
const entryOf = (n: number) => hash('sha256', `entry ${n}`, 'buffer');
const entriesOf = (count: number, from = 0) => Array.from({ length: count }, (_, n) => entryOf(from + n));
const hex = (hashes: readonly Uint8Array[]) => hashes.map((one) => Buffer.from(one).toString('hex'));

/** A log as its full tiles and its edge, as a store keeps it. */
class Log {
  readonly full = new Map<string, Uint8Array>();
  edge: TreeEdge = EMPTY_EDGE;

  append(entries: readonly Uint8Array[]): this {
    const { edge, full } = appendEntries(hasher, this.edge, Buffer.concat(entries));
    this.edge = edge;
    for (const { level, number, hashes } of full) {
      assert.ok(!this.full.has(`${level}/${number}`), 'a full tile was written twice');
      this.full.set(`${level}/${number}`, hashes);
    }
    return this;
  }

  tile(level: number, number: number): Uint8Array {
    const stored = this.full.get(`${level}/${number}`) ?? partialTile(this.edge, level);
    return level === 0 ? leavesOf(hasher, stored) : stored;
  }

  readonly read = async (nodes: readonly TreeNode[]) =>
    nodes.map((node) => {
      const { level, number, first, height } = nodeInTile(node);
      return perfectRoot(
        hasher,
        this.tile(level, number).subarray(first * HASH, (first + 2 ** height) * HASH),
      );
    });

  roots(ranges: readonly LeafRange[]) {
    return rangeRoots(hasher, ranges, this.read);
  }
}

test('the published leaves have the published roots', () => {
  const file = readFileSync(new URL('../../vectors/rfc9162.json', import.meta.url), 'utf8');
  const { leaves, roots } = JSON.parse(file) as { leaves: string[]; roots: string[] };
  assert.equal(roots.length, 9);
  const entries = leaves.map((leaf) => Buffer.from(leaf, 'hex'));
  for (const [size, root] of roots.entries())
    assert.deepEqual(hex([treeRoot(hasher, entries.slice(0, size))]), [root]);
  // Published in the certificate-transparency project's tests: the proof of leaf 0 in the tree of 8.
  const proof = [
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ].map((text) => Buffer.from(text, 'hex'));
  const root = Buffer.from(roots[8] as string, 'hex');
  const leaf = hasher.leaf(entries[0] as Uint8Array);
  assert.ok(verifyInclusion(hasher, { index: 0, size: 8, leaf, proof, root }));
});

test('a log that grows in pieces of any size has the roots and proofs of the recursive definitions', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.nat(),
      async (pieces, anyIndex, anyOlder) => {
        const log = new Log();
        for (const piece of pieces) log.append(entriesOf(piece, log.edge.size));
        const { size } = log.edge;
        const entries = entriesOf(size);
        const root = edgeRoot(hasher, log.edge);
        assert.deepEqual(hex([root]), hex([referenceRoot(entries)]));
        assert.deepEqual(hex([treeRoot(hasher, entries)]), hex([root]));
        if (size === 0) return;
        const index = anyIndex % size;
        const proof = await log.roots(inclusionRanges(index, size));
        assert.deepEqual(hex(proof), hex(referencePath(index, entries)));
        const leaf = hasher.leaf(entryOf(index));
        assert.ok(verifyInclusion(hasher, { index, size, leaf, proof, root }));
        const older = 1 + (anyOlder % size);
        const consistency = await log.roots(consistencyRanges(older, size));
        assert.deepEqual(hex(consistency), hex(referenceConsistency(older, entries)));
        const [olderRoot] = await log.roots([{ from: 0, to: older }]);
        assert.ok(olderRoot);
        assert.deepEqual(hex([olderRoot]), hex([referenceRoot(entries.slice(0, older))]));
        assert.ok(verifyConsistency(hasher, { older, size, olderRoot, root, proof: consistency }));
      },
    ),
    { numRuns: 60 },
  );
});

test('every leaf of every small tree is proved, and no proof proves another leaf, index, size or root', async () => {
  for (let size = 1; size <= 20; size++) {
    const log = new Log().append(entriesOf(size));
    const root = edgeRoot(hasher, log.edge);
    for (let index = 0; index < size; index++) {
      const proof = await log.roots(inclusionRanges(index, size));
      const good = { index, size, leaf: hasher.leaf(entryOf(index)), proof, root };
      assert.ok(verifyInclusion(hasher, good));
      const wrong = [
        { ...good, index: index + 1 },
        { ...good, index: index - 1 },
        { ...good, index: -1 },
        { ...good, index: 0.5 },
        { ...good, leaf: hasher.leaf(entryOf(index + 1)) },
        { ...good, root: hasher.emptyRoot },
        { ...good, proof: [...proof, root] },
        ...(proof.length > 0 ? [{ ...good, proof: proof.slice(1) }] : []),
        ...(proof.length > 0 ? [{ ...good, proof: proof.slice(0, -1) }] : []),
        ...(proof.length > 1 && hex(proof)[0] !== hex(proof)[1]
          ? [{ ...good, proof: proof.toReversed() }]
          : []),
        { ...good, size: 0 },
        { ...good, size: size * 4 },
      ];
      for (const bad of wrong) assert.equal(verifyInclusion(hasher, bad), false, JSON.stringify(bad));
    }
    for (let older = 1; older < size; older++) {
      const proof = await log.roots(consistencyRanges(older, size));
      const olderRoot = referenceRoot(entriesOf(older));
      const good = { older, size, olderRoot, root, proof };
      assert.ok(verifyConsistency(hasher, good));
      const forked = referenceRoot([...entriesOf(older - 1), entryOf(99)]);
      for (const bad of [
        { ...good, olderRoot: forked },
        { ...good, root: forked },
        { ...good, proof: proof.slice(1) },
        { ...good, proof: proof.slice(0, -1) },
        { ...good, proof: [...proof, root] },
        { ...good, proof: [] },
        { ...good, older: size, size: older },
      ])
        assert.equal(verifyConsistency(hasher, bad), false, JSON.stringify(bad));
    }
    const same = { older: size, size, olderRoot: root, root, proof: [] };
    assert.ok(verifyConsistency(hasher, same));
    assert.equal(verifyConsistency(hasher, { ...same, olderRoot: hasher.emptyRoot }), false);
    assert.ok(verifyConsistency(hasher, { ...same, older: 0, olderRoot: hasher.emptyRoot }));
    assert.equal(verifyConsistency(hasher, { ...same, older: 0, olderRoot: root }), false);
  }
});

test('the tree of 70,000 has the tiles that the specification gives as its example', () => {
  const log = new Log();
  while (log.edge.size < 70_000) log.append(entriesOf(1_000, log.edge.size));
  const levels = [...log.full.keys()].map((key) => key.split('/')[0]);
  assert.equal(levels.filter((level) => level === '0').length, 273);
  assert.equal(levels.filter((level) => level === '1').length, 1);
  assert.deepEqual(
    [0, 1, 2].map((level) => partialTile(log.edge, level).length / HASH),
    [112, 17, 1],
  );
  assert.deepEqual(
    [tileWidth(0, 273, 70_000), tileWidth(1, 1, 70_000), tileWidth(2, 0, 70_000)],
    [112, 17, 1],
  );
  assert.deepEqual([tileWidth(0, 272, 70_000), tileWidth(0, 274, 70_000)], [TILE_WIDTH, 0]);
});

test('sizes beyond 32 bits are split exactly, and an edge that does not fit its size is refused', () => {
  const size = 2 ** 40 + 3;
  assert.deepEqual(inclusionRanges(2 ** 40, size), [
    { from: 2 ** 40 + 1, to: 2 ** 40 + 2 },
    { from: 2 ** 40 + 2, to: size },
    { from: 0, to: 2 ** 40 },
  ]);
  assert.equal(inclusionRanges(0, size).length, 41);
  assert.deepEqual(nodeInTile({ level: 40, index: 0 }), { level: 5, number: 0, first: 0, height: 0 });
  assert.deepEqual(nodeInTile({ level: 3, index: 2 ** 33 }), {
    level: 0,
    number: 2 ** 28,
    first: 0,
    height: 3,
  });
  assert.throws(() => edgeRoot(hasher, { size: 3, packed: new Uint8Array(64) }), /does not fit/);
  assert.throws(() => appendEntries(hasher, EMPTY_EDGE, new Uint8Array(33)), RangeError);
  assert.throws(() => inclusionRanges(3, 3), RangeError);
  assert.throws(() => consistencyRanges(4, 3), RangeError);
});

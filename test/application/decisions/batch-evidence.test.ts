/*
 * Goal: each job of a batch gets the MACs it asked for, by as few calls of the vault as there can be.
 * Method: a MAC is the request's message, and each call of the vault is recorded.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeEvidence } from '../../../src/application/decisions/batch-evidence.ts';
import {
  allRequests,
  type Evidence,
  type Macs,
  NO_EVIDENCE,
  requestBefore,
} from '../../../src/application/decisions/evidence.ts';
import type { MacRequest } from '../../../src/ports/key-vault.ts';

function request(name: string): MacRequest {
  return { owner: 'mac/1', wrapped: '', algorithm: 'sha256', message: Buffer.from(name) };
}

function requests(...names: string[]): readonly MacRequest[] {
  return names.map(request);
}

/** Asks for others unless the likely MACs are those expected. */
function likelyFirst(likely: readonly string[], others: readonly string[], expected = ''): Evidence {
  return {
    likely: requests(...likely),
    others: (macs) => (textsOf(macs) === expected ? NO_EVIDENCE : requests(...others)),
  };
}

function textsOf(macs: Macs | Error | undefined): string {
  if (macs instanceof Error) return macs.message;
  return (macs ?? []).map((mac) => Buffer.from(mac ?? []).toString()).join(' ');
}

/** @param fails the number of the call that fails */
async function computed(evidence: readonly (Evidence | Error)[], fails?: number) {
  const calls: string[] = [];
  const results = await computeEvidence(evidence, async (asked) => {
    calls.push(textsOf(asked.map(({ message }) => message)));
    return calls.length === fails ? new Error('vault away') : asked.map(({ message }) => message);
  });
  return { calls, results: results.map(textsOf) };
}

test('one call where the likely MACs settle everything, none where nothing is asked for', async () => {
  const settled = [requests('a', 'b'), NO_EVIDENCE, likelyFirst(['c'], ['d'], 'c')];
  assert.deepEqual(await computed(settled), { calls: ['a b c'], results: ['a b', '', 'c'] });
  assert.deepEqual(await computed([NO_EVIDENCE, []]), { calls: [], results: ['', ''] });
});

test('a second call computes what is not settled, of these jobs alone; their MACs follow the likely ones', async () => {
  const evidence = [likelyFirst(['a'], ['b', 'c']), requests('d'), likelyFirst(['e'], ['f'])];
  assert.deepEqual(await computed(evidence), {
    calls: ['a d e', 'b c f'],
    results: ['a b c', 'd', 'e f'],
  });
});

test('an error is that of the jobs that asked: what was thrown, the first call’s, the second call’s', async () => {
  const throws: Evidence = {
    likely: requests('t'),
    others: () => {
      throw new Error('a bug');
    },
  };
  const evidence = [new Error('thrown'), NO_EVIDENCE, requests('a'), likelyFirst(['b'], ['c']), throws];
  assert.deepEqual((await computed(evidence)).results, ['thrown', '', 'a', 'b c', 'a bug']);
  assert.deepEqual((await computed(evidence, 1)).results, [
    ...['thrown', '', 'vault away', 'vault away', 'vault away'],
  ]);
  assert.deepEqual((await computed(evidence, 2)).results, ['thrown', '', 'a', 'vault away', 'a bug']);
});

test('a request before others: its MAC is the first, and the others see theirs alone', async () => {
  const evidence = requestBefore(request('mac'), likelyFirst(['a'], ['b'], 'a'));
  assert.deepEqual(await computed([evidence]), { calls: ['mac a'], results: ['mac a'] });
  const missed = requestBefore(request('mac'), likelyFirst(['a'], ['b'], 'x'));
  assert.deepEqual((await computed([missed])).results, ['mac a b']);
  assert.deepEqual((await computed([requestBefore(request('mac'), requests('a'))])).results, ['mac a']);
  assert.equal(textsOf(allRequests(missed).map(({ message }) => message)), 'mac a b');
});

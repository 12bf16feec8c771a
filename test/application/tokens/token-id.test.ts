import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeTokenId } from '../../../src/application/tokens/enrol-token.ts';

test('the id of a token begins with a letter, whatever its bytes: no command takes it for an option', () => {
  const ids = Array.from({ length: 256 }, (_, first) =>
    makeTokenId({ bytes: (count) => Buffer.alloc(count, first) }),
  );
  for (const id of ids) assert.match(id, /^[A-Za-z][\w-]{15}$/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createService } from '../../../src/application/services/manage-services.ts';
import { registeredSession, testApplication } from '../../services/application.ts';

test('the first entry of each chain has a salt of its own, and no other has one', async (t) => {
  const application = await testApplication(t);
  await registeredSession(application, 'alice');
  await registeredSession(application, 'bob');
  await createService(application.context, { name: 'shop', scopes: ['codes:verify'] });
  await createService(application.context, { name: 'till', scopes: ['codes:verify'] });
  const entries = await application.store.readJournal({ after: 0, limit: 100 });
  const salts: string[] = [];
  for (const { version, body } of entries) {
    const salt = JSON.parse(body).detail?.salt;
    if (version > 1) assert.equal(salt, undefined);
    else {
      assert.match(salt, /^[A-Za-z0-9_-]{22}$/);
      salts.push(salt);
    }
  }
  // Two users', and the server's own.
  assert.equal(new Set(salts).size, 3);
  assert.equal(salts.length, 3);
});

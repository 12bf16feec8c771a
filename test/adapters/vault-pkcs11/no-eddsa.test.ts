/*
 * Goal: in an HSM without EdDSA the log has one key for ever all the same, which nothing outside the HSM keeps.
 * Method: a SoftHSM without that mechanism; two vaults on one slot, as two servers have it.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { probeHsm } from '../../../src/compose.ts';
import { verifyEd25519 } from '../../../src/domain/log/verify-note.ts';
import { softHsm } from '../../services/softhsm.ts';
import { openVault } from './open-vault.ts';

const hsm = softHsm({ lacking: ['CKM_EDDSA'] });
after(() => hsm.remove());

test('without EdDSA the log’s key is derived in the HSM: the same for every server, whatever rotates', async (t) => {
  hsm.initSlot('plain');
  const url = hsm.url('plain');
  const { vault } = await openVault(t, hsm, { url });
  const other = await openVault(t, hsm, { url, hadVault: async () => true });
  const keys = await Promise.all([
    vault.logPublicKey(),
    other.vault.logPublicKey(),
    vault.logPublicKey(),
    other.vault.logPublicKey(),
  ]);
  const [key = assert.fail()] = keys;
  assert.equal(new Set(keys.map((each) => Buffer.from(each).toString('hex'))).size, 1);
  const message = Buffer.from('localhost\n1\nAAAA\n');
  assert.ok(verifyEd25519(key, message, await other.vault.signLog(message)));
  await vault.createKeyVersion();
  await vault.destroyKeyVersionsBelow(2);
  assert.ok(verifyEd25519(key, message, await vault.signLog(message)));
  const objects = hsm.tool('--login', '--pin', hsm.pin, '--token-label', 'plain', '--list-objects').output;
  assert.equal(objects.match(/sello\/log\/1/g)?.length, 1, objects);
  assert.match(objects, /sello\/log\/1[\s\S]*?never extractable/, 'it never leaves the HSM');
});

test('the doctor is told what lacks, and what that means', async () => {
  const { lacks } = await probeHsm(hsm.url('plain'));
  const names = lacks.map(({ name }) => name);
  assert.deepEqual(names, ['CKM_EDDSA']);
  assert.ok(
    lacks.every(({ required, without }) => !required && /derived from one in the HSM/.test(without.en)),
  );
});

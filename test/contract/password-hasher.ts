/*
 * Goal: every password hasher verifies what it hashed, to the byte, and nothing else.
 * Method: one suite, run against each hasher.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PasswordHasher } from '../../src/ports/password-hasher.ts';

export interface PasswordHasherFixture {
  readonly hasher: PasswordHasher;
  remove(): Promise<void>;
}

/** What every password hasher must do. */
export function passwordHasherContract(name: string, create: () => Promise<PasswordHasherFixture>): void {
  describe(`password hasher: ${name}`, () => {
    let fixture: PasswordHasherFixture;
    let hasher: PasswordHasher;
    before(async () => {
      fixture = await create();
      hasher = fixture.hasher;
    });
    after(() => fixture.remove());

    test('verifies the password that was hashed, and no other', async () => {
      for (const password of [
        'secreto',
        ' ',
        'contraseña con ñ',
        '🔑'.repeat(50),
        'x'.repeat(1_024),
        'nul\0byte',
      ]) {
        const phc = (await hasher.hash(password)) ?? assert.fail();
        assert.match(phc, /^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/);
        assert.equal(await hasher.verify(phc, password), true);
        for (const other of ['', `${password} `, password.slice(0, -1), `${password}\0`, 'Secreto']) {
          assert.equal(await hasher.verify(phc, other), false, JSON.stringify(other));
        }
      }
    });

    test('the same password hashes to another string each time', async () => {
      const hashes = await Promise.all([hasher.hash('secreto'), hasher.hash('secreto')]);
      assert.equal(new Set(hashes).size, 2);
    });

    test('a password matches in each Unicode form, and with each kind of space (RFC 8265 section 4.2)', async () => {
      const composed = 'contrase\u00f1a \u212b\u1100\u1161';
      for (const hashed of ['NFC', 'NFD'] as const) {
        const phc = (await hasher.hash(composed.normalize(hashed))) ?? assert.fail();
        for (const typed of [
          composed,
          composed.normalize('NFD'),
          composed.normalize('NFC'),
          composed.replace(' ', '\u00a0'),
          composed.replace(' ', '\u3000').normalize('NFD'),
        ])
          assert.equal(await hasher.verify(phc, typed), true, JSON.stringify([hashed, typed]));
        // Neither case nor width is mapped.
        for (const other of [
          composed.toUpperCase(),
          composed.replace('c', '\uff43'),
          composed.replace(' ', ''),
        ])
          assert.equal(await hasher.verify(phc, other), false, JSON.stringify([hashed, other]));
      }
    });

    test('an unknown user’s password is never right', async () => {
      for (const password of ['', 'secreto', 'x'.repeat(1_024)]) {
        assert.equal(await hasher.verify(undefined, password), false);
      }
    });

    test('a stored value that is no hash is an error, not a wrong password', async () => {
      for (const damaged of ['', 'secreto', '$argon2id$v=19$m=8,t=1,p=1$', '$2b$10$abc']) {
        await assert.rejects(hasher.verify(damaged, 'secreto'), Error, damaged);
      }
      assert.equal(await hasher.verify(undefined, 'secreto'), false);
    });
  });
}

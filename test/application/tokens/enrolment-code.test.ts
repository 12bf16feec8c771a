/*
 * Goal: the code of an invitation can be typed by hand, names its user, and has one spelling for the server.
 * Method: properties over users' numbers, random bits and ways to type.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalEnrolmentCode,
  makeEnrolmentCode,
  userIdOfEnrolmentCode,
} from '../../../src/application/tokens/enrolment-code.ts';

const userIds = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const bits = fc.uint8Array({ minLength: 15, maxLength: 15 });
const SECRET = 'AAAA-AAAA-AAAA-AAAA-AAAA-AAAA';
const random = (bytes: Uint8Array) => ({ bytes: () => bytes }) as never;

test('a code is short groups of letters and digits that are not taken for each other, and names its user', () => {
  fc.assert(
    fc.property(userIds, bits, (userId, bytes) => {
      const code = makeEnrolmentCode(userId, random(bytes));
      assert.match(code, /^[A-Z2-7]{1,4}(-[A-Z2-7]{4}){6,8}$/);
      assert.equal(userIdOfEnrolmentCode(code), userId);
      assert.equal(canonicalEnrolmentCode(code), code);
    }),
  );
  assert.equal(makeEnrolmentCode(5, random(new Uint8Array(15))), `F-${SECRET}`);
});

test('however it is typed it is the same: any case, blanks or hyphens or none, digits for letters', () => {
  fc.assert(
    fc.property(
      userIds,
      bits,
      fc.constantFrom('', ' ', '-', ' - ', '  '),
      fc.boolean(),
      (userId, bytes, by, low) => {
        const code = makeEnrolmentCode(userId, random(bytes));
        const misread = code.replaceAll('O', '0').replaceAll('I', '1').replaceAll('B', '8');
        const typed = misread.replaceAll('-', by);
        assert.equal(canonicalEnrolmentCode(low ? typed.toLowerCase() : typed), code);
      },
    ),
  );
});

test('no other text names a user: another length, another number’s spelling, anything at all', () => {
  for (const code of ['', 'F', SECRET, `A-${SECRET}`, `AF-${SECRET}`]) {
    assert.equal(userIdOfEnrolmentCode(code), undefined, code);
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 64 }), (text) => {
      const userId = userIdOfEnrolmentCode(canonicalEnrolmentCode(text));
      assert.ok(userId === undefined || userId > 0);
    }),
  );
});

test('a code of the version before is taken as it is, while it lives', () => {
  const code = '1.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4';
  assert.equal(canonicalEnrolmentCode(code), code);
  assert.equal(userIdOfEnrolmentCode(code), 1);
});

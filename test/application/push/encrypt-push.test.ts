/*
 * Goal: messages are encrypted as RFC 8291 has it.
 * Method: the example of its section 5, byte for byte; what we make is opened by npm's http_ece.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { encryptPush, readPushKeys } from '../../../src/application/push/encrypt-push.ts';
import { PushedBrowser } from '../../services/push-service.ts';

const random = { bytes: (length: number) => randomBytes(length) };
const bytes = (text: string) => Buffer.from(text, 'base64url');

test('the example of RFC 8291, section 5', () => {
  const keys = readPushKeys(
    'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    'BTBZMqHH6r4Tts7J_aSIgg',
  );
  assert.ok(keys);
  const sealed = encryptPush(keys, Buffer.from('When I grow up, I want to be a watermelon'), random, {
    privateKey: bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'),
    salt: bytes('DGv6ra1nlYgDCS1FRnbzlw'),
  });
  assert.equal(
    Buffer.from(sealed).toString('base64url'),
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  );
});

test('a browser opens what is made for it alone; each message has keys of its own', () => {
  const browser = new PushedBrowser('https://push.example/1');
  const keys = readPushKeys(browser.keys.p256dh, browser.keys.auth);
  assert.ok(keys);
  const first = Buffer.from(encryptPush(keys, Buffer.from('pago'), random));
  const second = Buffer.from(encryptPush(keys, Buffer.from('pago, y más'), random));
  assert.equal(browser.open(first), 'pago');
  assert.equal(browser.open(second), 'pago, y más');
  assert.equal(first.length, second.length);
  assert.notDeepEqual(first.subarray(21, 86), second.subarray(21, 86));
  assert.throws(() => new PushedBrowser('https://push.example/2').open(first));
  assert.throws(() => encryptPush(keys, Buffer.alloc(256), random), RangeError);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isVisible } from '../../src/domain/visible-text.ts';

test('what no font draws is no text: fillers, blank symbols, default-ignorable characters, marks on nothing', () => {
  const blank = [0x2800, 0x115f, 0x1160, 0x3164, 0xffa0, 0x1d159, 0x16fe4, 0x13441, 0x13442, 0x34f, 0x200b];
  const others = [
    0x61c, 0x17b4, 0x180e, 0x2060, 0xfe0f, 0xfeff, 0x1bca0, 0xe0100, 0xa0, 0x1680, 0x3000, 0x2028,
  ];
  for (const code of [...blank, ...others]) {
    const character = String.fromCodePoint(code);
    assert.equal(isVisible(character), false, `U+${code.toString(16)} alone`);
    assert.equal(isVisible(`ali${character}ce`), false, `U+${code.toString(16)} within`);
  }
  assert.equal(isVisible('\u0301'), false, 'an accent on nothing');
  assert.equal(isVisible(' '), false);
  for (const seen of ['', 'alice', 'José', 'Ω', '한글', 'नमस्ते', 'a b', '日本', '😀', '⠁']) {
    assert.equal(isVisible(seen), true, seen);
  }
});

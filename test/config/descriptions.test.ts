/*
 * Goal: each key of the configuration is described in Spanish, and the description names what the English one names.
 * Method: the schema's keys; the words in backticks of both languages are compared.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFlagsHelp } from '../../src/cli/shell/config-flags.ts';
import { descriptionOf } from '../../src/config/descriptions.ts';
import { CONFIG_KEYS, fileKeyOf } from '../../src/config/keys.ts';

const namesIn = (text: string) => (text.match(/`[^`]+`/g) ?? []).sort();

test('each key has a Spanish description of its own, with the same names in it', () => {
  for (const key of CONFIG_KEYS) {
    const { en, es } = descriptionOf(key);
    assert.notEqual(es, en, key.key);
    assert.match(es, /[.)]$/, key.key);
    assert.deepEqual(namesIn(es), namesIn(en), key.key);
  }
});

test('the help of serve tells the first sentence of each key in the language', () => {
  const [en, es] = [configFlagsHelp(80, 'en'), configFlagsHelp(80, 'es')];
  for (const key of CONFIG_KEYS.filter((each) => fileKeyOf(each) === undefined)) {
    const firstWords = (text: string) => text.split(' ').slice(0, 2).join(' ');
    assert.ok(en.includes(firstWords(key.schema.description)), key.key);
    assert.ok(es.includes(firstWords(descriptionOf(key).es)), key.key);
  }
});

/*
 * Goal: Spanish texts address the reader as *usted*, and say «incluso» where «even» is meant.
 * Method: the Spanish of commands, errors, pages and documents is searched for words that only *tú* has.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './machine.ts';

/** Words of *tú*, and imperatives that Spanish forms otherwise for *usted*. `da`, `usa`, `deja` and the like may be a third person. */
const TU =
  /(?<![\p{L}\d_])(tú|tus?|ti|contigo|puedes|quieres|tienes|debes|necesitas|querías|pon|haz|elige|indica su|indica una|detén|dale|renuéval[ao]|arráncal[ao]|guárdal[ao]|pídel[ao]|regístrate|conéctate|ejecútal[ao]|indícal[ao]|nómbral[ao]s?|quítal[ao]|ponl[ao])(?![\p{L}\d_])/iu;
const EVEN = /(?<![\p{L}])hasta (un|una|el|la) (código|contraseña|usuario|servidor) (correct|válid)/iu;

/** The Spanish of a source: what `text(…, es)` and the tables of texts hold, as far as letters tell it from English. */
function spanishStrings(source: string): readonly string[] {
  const strings = Array.from(
    source.matchAll(/'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`/g),
    ([, a, b]) => a ?? b ?? '',
  );
  return strings.filter((text) =>
    /[áéíóúñ¿¡]|(?<!\p{L})(el|los|las|una|del|que|con|para|por)(?!\p{L})/iu.test(text),
  );
}

test('no Spanish text says tú, or «hasta» for «incluso»', () => {
  const sources = globSync(['src/**/*.ts', 'web/src/**/*.es.ts'], { cwd: ROOT });
  const found = sources.flatMap((file) =>
    spanishStrings(readFileSync(join(ROOT, file), 'utf8'))
      .filter((text) => TU.test(text) || EVEN.test(text))
      .map((text) => `${file}: ${text}`),
  );
  for (const file of ['README.es.md', ...globSync('docs/es/*.md', { cwd: ROOT })]) {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
    found.push(...lines.filter((line) => TU.test(line) || EVEN.test(line)).map((line) => `${file}: ${line}`));
  }
  assert.deepEqual(found, []);
});

test('a text that says tú is found, and one that says usted is not', () => {
  for (const text of ['pon registration_open: false', 'Tu cuenta', 'guárdala aparte', '¿quieres seguir?']) {
    assert.match(text, TU);
  }
  for (const text of ['ponga registration_open: false', 'Su cuenta', 'guárdela aparte', 'tipo', 'ponerla']) {
    assert.doesNotMatch(text, TU);
  }
});

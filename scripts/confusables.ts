/**
 * Writes src/domain/look-alikes/confusables.ts from the Unicode Consortium's table of confusable characters (UTS 39).
 *
 *   node scripts/confusables.ts FILE VERSION
 *
 * FILE is `confusables.txt` of https://www.unicode.org/Public/security/, or `src/tables.rs` of the crate
 * `unicode-security`, which holds the same table. VERSION is the version of Unicode that the file names.
 * A new table comes with a migration of both stores that has all names claimed again (src/domain/look-alikes/skeleton.ts).
 */
import { readFileSync, writeFileSync } from 'node:fs';

const TARGET = new URL('../src/domain/look-alikes/confusables.ts', import.meta.url);
const LINE_LENGTH_MAX = 116;

/** `0430 ;\t0061 ;\tMA\t# …` */
const LINE = /^([0-9A-F]+) ;\t([0-9A-F ]+?) ;\tMA\b/gm;
/** `('\u{430}',  &['\u{61}'])`, broken anywhere. */
const TUPLE = /\(\s*'\\u\{([0-9a-f]+)\}'\s*,\s*&\[([^\]]*)\]\s*\)/g;

/** The prototype of each character, as code points. */
function read(text: string): Map<number, readonly number[]> {
  const rust = text.indexOf('const CONFUSABLES');
  const pairs =
    rust < 0
      ? [...text.matchAll(LINE)].map(([, from = '', to = '']) => [from, to.split(' ')] as const)
      : [...text.slice(rust, text.indexOf('];', rust)).matchAll(TUPLE)].map(
          ([, from = '', to = '']) => [from, to.match(/(?<=\{)[0-9a-f]+/g) ?? []] as const,
        );
  const code = (hex: string) => Number.parseInt(hex, 16);
  return new Map(pairs.map(([from, to]) => [code(from), to.map(code)]));
}

/** One word a prototype: `PROTOTYPE=CHARACTER,CHARACTER`, code points in hex, those of one prototype joined by `+`. */
function words(table: ReadonlyMap<number, readonly number[]>): string[] {
  const hex = (code: number) => code.toString(16);
  const byPrototype = Map.groupBy(
    [...table].sort(([a], [b]) => a - b),
    ([, prototype]) => prototype.map(hex).join('+'),
  );
  return [...byPrototype].map(
    ([prototype, sources]) => `${prototype}=${sources.map(([source]) => hex(source)).join(',')}`,
  );
}

/** Breaks the words into lines, at `,` where one is long: spaces and line ends separate, a line ending in `,` goes on. */
function lines(all: readonly string[]): string[] {
  const parts = all.flatMap((word) =>
    word.split(/(?<=,)/).map((part, index) => (index === 0 ? ` ${part}` : part)),
  );
  const result = [''];
  for (const part of parts) {
    const last = result.length - 1;
    const joined = result[last] + part;
    if (joined.trim().length <= LINE_LENGTH_MAX) result[last] = joined;
    else result.push(part);
  }
  return result.map((line) => line.trim());
}

const [file, version] = process.argv.slice(2);
if (!file || !version) throw new Error('usage: node scripts/confusables.ts FILE VERSION');
const table = read(readFileSync(file, 'utf8'));
writeFileSync(
  TARGET,
  `// Written by scripts/confusables.ts. Do not edit.
//
// Data of confusables.txt, Unicode Security Mechanisms (UTS 39), version ${version}.
// © Unicode, Inc., under the Unicode License V3 (SPDX: Unicode-3.0, https://www.unicode.org/license.txt):
// COPYRIGHT AND PERMISSION NOTICE. Permission is hereby granted, free of charge, to any person obtaining a copy of data
// files and any associated documentation (the "Data Files") to deal in the Data Files without restriction, including
// without limitation the rights to use, copy, modify, merge, publish, distribute, and/or sell copies of the Data Files,
// and to permit persons to whom the Data Files are furnished to do so, provided that either (a) this copyright and
// permission notice appear with all copies of the Data Files, or (b) this copyright and permission notice appear in
// associated Documentation. THE DATA FILES ARE PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED,
// INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT OF
// THIRD PARTY RIGHTS. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR HOLDERS INCLUDED IN THIS NOTICE BE LIABLE FOR ANY CLAIM,
// OR ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES, OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR
// PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH
// THE USE OR PERFORMANCE OF THE DATA FILES. Except as contained in this notice, the name of a copyright holder shall not
// be used in advertising or otherwise to promote the sale, use or other dealings in these Data Files without prior
// written authorization of the copyright holder.

export const CONFUSABLES_UNICODE_VERSION = '${version}';
export const CONFUSABLES_COUNT = ${table.size.toLocaleString('en').replaceAll(',', '_')};

/** Words \`PROTOTYPE=CHARACTER,…\` of code points in hex, those of a prototype joined by \`+\`. A comma may end a line. */
export const CONFUSABLES = \`
${lines(words(table)).join('\n')}
\`;
`,
);

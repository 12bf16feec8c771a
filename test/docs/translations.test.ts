/*
 * Goal: a guide in Spanish says what the English one says: a part that is added to one is missed in the other.
 * Method: their outlines are compared: headings, steps, tables, commands, keys and where links lead.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './machine.ts';

const PAIRS = [
  ['docs/guides/customer.md', 'docs/es/clientes.md'],
  ['docs/guides/operator.md', 'docs/es/operadores.md'],
  ['README.md', 'README.es.md'],
] as const;

/** Of a link to a guide, the guide in English; anchors are translated. */
const ENGLISH = new Map<string, string>(PAIRS.map(([english, spanish]) => [spanish, english]));

interface Outline {
  /** Levels of headings, and what each holds, in order. */
  readonly blocks: readonly string[];
  readonly commands: readonly string[];
  readonly links: readonly string[];
}

function outlineOf(file: string): Outline {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const commands: string[] = [];
  const prose = text.replace(/```(\w*)\n([\s\S]*?)```/g, (_whole, kind: string, content: string) => {
    // What is printed is in the language of the page.
    if (kind === 'sh') commands.push(content);
    return '```';
  });
  const blocks = prose.split('\n').flatMap((line) => {
    const mark = /^(#+ |\d+\. |- |\||```)/.exec(line)?.[1];
    return mark === undefined ? [] : [mark.replace(/\d+/, '1').trim()];
  });
  const links = Array.from(prose.matchAll(/\]\(([^)#\s]+)/g), ([, to = '']) => {
    const path = /^https?:/.test(to) ? to : normalize(join(dirname(file), to));
    // A picture in Spanish has `.es` in its name.
    return ENGLISH.get(path) ?? path.replace(/\.es\.(?=svg$|webp$)/, '.');
  });
  return { blocks, commands, links: [...new Set(links)].sort() };
}

for (const [english, spanish] of PAIRS) {
  test(`${spanish} has what ${english} has`, () => {
    assert.deepEqual(outlineOf(spanish), outlineOf(english));
  });
}

test('an outline tells of a step, a command or a link that the other lacks', () => {
  const { blocks, commands, links } = outlineOf('README.md');
  assert.ok(blocks.filter((mark) => mark.startsWith('#')).length >= 3);
  assert.ok(blocks.includes('|') || blocks.includes('-'));
  assert.ok(commands.length > 0 && links.length > 3);
});

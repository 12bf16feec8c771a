// Reads documents for the tests, files and headings that they name.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './machine.ts';

/** A test that a document names: `` `test/….ts` “title” ``. */
export interface TestReference {
  readonly file: string;
  readonly title: string;
}

const REFERENCE = /`(test\/[\w./-]+\.ts)`(?:\]\([^)]*\))? “([^”]+)”/g;

export function testReferences(markdown: string): readonly TestReference[] {
  return Array.from(markdown.matchAll(REFERENCE), ([, file = '', title = '']) => ({ file, title }));
}

/** What `test`, `describe` and `it` are called with, in order. */
export function testTitles(source: string): readonly string[] {
  const calls = source.matchAll(
    /\b(?:test|describe|it)\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`([^`]*)`)/g,
  );
  return Array.from(calls, ([, single, double, template]) =>
    (single ?? double ?? template ?? '').replace(/\\(.)/g, '$1'),
  );
}

/** Whether a title in a document is one in a source, where `${…}` stands for whatever it comes to, and `…` for that in a document. */
export function isTitle(documented: string, title: string): boolean {
  const parts = title
    .split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`).test(documented);
}

/** @returns why there is no such test, or undefined */
export function missing({ file, title }: TestReference): string | undefined {
  const path = join(ROOT, file);
  if (!existsSync(path)) return `${file} is not there`;
  const titles = testTitles(readFileSync(path, 'utf8'));
  if (titles.some((candidate) => isTitle(title, candidate))) return undefined;
  return `${file} has no test “${title}”; it has:\n  ${titles.join('\n  ')}`;
}

/** Every path of the project that a document names in backquotes or links to. */
export function namedPaths(markdown: string): readonly string[] {
  const named = markdown.matchAll(
    /`((?:src|test|docs|bench|deploy|scripts|bin|\.ci)\/[\w./-]*[\w/])(?:`| )/g,
  );
  return Array.from(named, ([, path = '']) => path);
}

/** The targets of links to files, without what follows `#`. */
export function linkedFiles(markdown: string): readonly string[] {
  const links = markdown.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g);
  return Array.from(links, ([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a Markdown page's headings, as GitHub makes them, of one level or of all. */
export function headingAnchors(page: string, level?: number): readonly string[] {
  const marks = level === undefined ? '#+' : `#{${level}}`;
  return Array.from(page.matchAll(new RegExp(`^${marks} (.+)$`, 'gm')), ([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

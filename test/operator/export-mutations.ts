// Random changes of an export. Each is one that a reader could be deceived by: never one that leaves the same values.
import { isDeepStrictEqual } from 'node:util';
import { chainHash, GENESIS_HASH } from '../../src/domain/journal/hash-chain.ts';

/** Numbers in [0, below), the same for each seed. */
export type Draw = (below: number) => number;

export function drawing(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export interface Mutation {
  readonly kind: string;
  readonly lines: readonly string[];
}

type Mutate = (lines: readonly string[], draw: Draw) => readonly string[];

const MUTATIONS: Readonly<Record<string, Mutate>> = {
  'a character changed': (lines, draw) => {
    const at = draw(lines.length);
    const line = lines[at] ?? '';
    const place = draw(line.length);
    return lines.with(at, line.slice(0, place) + String.fromCharCode(32 + draw(95)) + line.slice(place + 1));
  },
  'a character removed': (lines, draw) => {
    const at = draw(lines.length);
    const line = lines[at] ?? '';
    const place = draw(line.length);
    return lines.with(at, line.slice(0, place) + line.slice(place + 1));
  },
  'a line removed': (lines, draw) => lines.toSpliced(draw(lines.length), 1),
  'several lines removed': (lines, draw) => lines.toSpliced(draw(lines.length - 4), 2 + draw(3)),
  'a line repeated': (lines, draw) => lines.toSpliced(draw(lines.length), 0, lines[draw(lines.length)] ?? ''),
  'two lines swapped': (lines, draw) => {
    const [one, other] = [draw(lines.length), draw(lines.length)];
    return lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '');
  },
  'the end cut off': (lines, draw) => lines.slice(0, draw(lines.length)),
  'cut in a line': (lines, draw) => {
    const at = draw(lines.length);
    const line = lines[at] ?? '';
    return [...lines.slice(0, at), line.slice(0, 1 + draw(line.length - 1))];
  },
  'indexes of two lines swapped': (lines, draw) => {
    const [one, other] = [draw(lines.length), draw(lines.length)];
    const numbered = (at: number, index: number) =>
      (lines[at] ?? '').replace(/^\{"index":\d+/, `{"index":${index}`);
    return lines.with(one, numbered(one, other)).with(other, numbered(other, one));
  },
  'an index taken away': (lines, draw) => {
    const at = draw(lines.length);
    return lines.with(at, (lines[at] ?? '').replace(/"index":\d+,/, ''));
  },
  'an entry changed, with all after it of its user to fit': (lines, draw) => rechained(lines, draw, 'change'),
  'an entry taken out, with all after it of its user to fit': (lines, draw) =>
    rechained(lines, draw, 'remove'),
  'the last entry of a user taken out, the indexes closed': (lines, draw) =>
    rechained(lines, draw, 'remove_last'),
  'an entry added, the indexes moved': (lines, draw) => rechained(lines, draw, 'add'),
};

export function mutate(lines: readonly string[], draw: Draw): Mutation | undefined {
  const kinds = Object.keys(MUTATIONS);
  const kind = kinds[draw(kinds.length)] ?? '';
  const changed = MUTATIONS[kind]?.(lines, draw) ?? lines;
  return saysTheSame(lines, changed) ? undefined : { kind, lines: changed };
}

/** Blanks outside of strings, or another escape, change nothing. */
function saysTheSame(lines: readonly string[], changed: readonly string[]): boolean {
  if (lines.length !== changed.length) return false;
  return changed.every(
    (line, at) => line === lines[at] || isDeepStrictEqual(parsedLine(line), parsedLine(lines[at] ?? '')),
  );
}

function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

interface Parsed {
  readonly body: { readonly user: string; readonly version: number; readonly detail: object };
}

/** What somebody does who knows the format and computes all hashes anew. */
function rechained(
  lines: readonly string[],
  draw: Draw,
  act: 'change' | 'remove' | 'remove_last' | 'add',
): readonly string[] {
  const bodies = lines.map((line) => (JSON.parse(line) as Parsed).body);
  // A line that is added after the last is what no checkpoint covers.
  const at = draw(bodies.length - 1);
  const chosen = bodies[at];
  if (!chosen) return lines;
  if (act === 'change') bodies[at] = { ...chosen, detail: { ...chosen.detail, n: -1 } };
  if (act === 'remove') bodies.splice(at, 1);
  if (act === 'remove_last')
    bodies.splice(
      bodies.findLastIndex(({ user }) => user === chosen.user),
      1,
    );
  if (act === 'add') bodies.splice(at, 0, chosen);
  const heads = new Map<string, { version: number; hash: string }>();
  return bodies.map((body, index) => {
    const head = heads.get(body.user) ?? { version: 0, hash: GENESIS_HASH };
    const version = head.version + 1;
    const text = JSON.stringify({ ...body, version });
    const hash = chainHash(head.hash, text);
    heads.set(body.user, { version, hash });
    return `{"index":${index},"body":${text},"previous":"${head.hash}","hash":"${hash}"}`;
  });
}

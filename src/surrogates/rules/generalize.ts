import type { GeneralizeCase } from './rules.ts';

const LITERAL = String.raw`(?:'[^']*'|@[0-9T:.Z+-]+|-?\d+(?:\.\d+)?)`;
const COMPARISON = new RegExp(String.raw`^\$this\s*(>=|<=|!=|>|<|=)\s*(${LITERAL})$`);
const MEMBER = new RegExp(String.raw`^\$this\s+in\s*\(\s*(${LITERAL}(?:\s*\|\s*${LITERAL})*)\s*\)$`);
const STARTS = /^\$this(?:\.toString\(\))?\.startsWith\('([^']*)'\)$/;
const SUBSTRING = /^\$this(?:\.toString\(\))?\.substring\((\d+)\s*,\s*(\d+)\)$/;

/**
 * Compiles a case of `generalize`: comparisons of `$this` with a literal, `in (… | …)`, `startsWith`, joined by `and` or by
 * `or`; its value a literal, `$this`, or a substring of it.
 * @returns the problem, in words that follow the case
 */
export function parseCase(condition: string, value: string): GeneralizeCase | string {
  const matches = parseCondition(condition.trim());
  if (typeof matches === 'string') return matches;
  const text = value.trim();
  const substring = SUBSTRING.exec(text);
  if (substring) {
    const start = Number(substring[1]);
    const end = start + Number(substring[2]);
    return { matches, replacement: (whole) => Array.from(whole).slice(start, end).join('') };
  }
  if (text === '$this') return { matches, replacement: (whole) => whole };
  if (text.startsWith('$') || text.includes('(')) return `has the value “${text}”, which cannot be compiled`;
  return { matches, replacement: () => literal(text) };
}

function parseCondition(text: string): ((value: string) => boolean) | string {
  const connective = / or /.test(text) ? ' or ' : ' and ';
  if (/ or /.test(text) && / and /.test(text)) return 'joins by both “and” and “or”: write two cases';
  const parts = text.split(connective).map((part) => parsePredicate(part.trim()));
  const problem = parts.find((part) => typeof part === 'string');
  if (typeof problem === 'string') return problem;
  const predicates = parts.filter((part) => typeof part === 'function');
  return connective === ' or '
    ? (value) => predicates.some((predicate) => predicate(value))
    : (value) => predicates.every((predicate) => predicate(value));
}

function parsePredicate(text: string): ((value: string) => boolean) | string {
  if (text === 'true') return () => true;
  const [, operator, operand = ''] = COMPARISON.exec(text) ?? [];
  if (operator) {
    const right = literal(operand);
    return (value) => holds(operator, compare(value, right));
  }
  const [, members] = MEMBER.exec(text) ?? [];
  if (members !== undefined) {
    const set = new Set((members.match(new RegExp(LITERAL, 'g')) ?? []).map(literal));
    return (value) => set.has(value);
  }
  const [, prefix] = STARTS.exec(text) ?? [];
  if (prefix !== undefined) return (value) => value.startsWith(prefix);
  return `has the condition “${text}”, which cannot be compiled`;
}

function literal(text: string): string {
  return text.replace(/^@/, '').replace(/^'(.*)'$/, '$1');
}

/** Compares numbers as numbers, and all else (dates, too) as texts. `undefined` where one is a number and one is not. */
function compare(left: string, right: string): number | undefined {
  const numbers = [left, right].filter((text) => /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)).length;
  if (numbers === 2) return Number(left) - Number(right);
  const dates = [left, right].every((text) => /^\d{4}/.test(text));
  if (numbers === 1 && !dates) return undefined;
  return left < right ? -1 : left > right ? 1 : 0;
}

function holds(operator: string, order: number | undefined): boolean {
  if (order === undefined) return false;
  switch (operator) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

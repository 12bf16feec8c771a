import { isFf1Alphabet } from '../../domain/surrogates/ff1-surrogates.ts';
import { isSurrogateName } from '../../domain/surrogates/names.ts';
import type { SurrogateMode } from '../../domain/surrogates/surrogates.ts';
import { parseCase } from './generalize.ts';
import { parsePath } from './path.ts';
import {
  DEFAULT_DOMAIN,
  type GeneralizeCase,
  type Method,
  type Parameters,
  type Rule,
  type Rules,
} from './rules.ts';

type Json = Readonly<Record<string, unknown>>;

const KEYS = new Set([
  'fhirVersion',
  'processingErrors',
  'processingError',
  'fhirPathRules',
  'csvRules',
  'csvDelimiter',
  'parameters',
]);
const PARAMETERS = new Set([
  'dateShiftKey',
  'dateShiftScope',
  'dateShiftFixedOffsetInDays',
  'cryptoHashKey',
  'encryptKey',
  'enablePartialAgesForRedact',
  'enablePartialDatesForRedact',
  'enablePartialZipCodesForRedact',
  'restrictedZipCodeTabulationAreas',
]);
/** The members that each method takes beside `path`, `column` and `method`. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  keep: [],
  redact: [],
  dateShift: [],
  cryptoHash: [],
  encrypt: [],
  substitute: ['replaceWith'],
  generalize: ['cases', 'otherValues'],
  perturb: ['span', 'rangeType', 'roundTo'],
  tokenize: ['domain', 'domains', 'mode', 'alphabet'],
};

/**
 * Reads a rules file: the form of Microsoft's Tools for Health Data Anonymization, with `tokenize` and `csvRules`.
 * @returns every problem found, each naming its rule; nothing is guessed or passed over
 */
export function readRules(text: string): Rules | { readonly problems: readonly string[] } {
  let file: unknown;
  try {
    file = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return { problems: ['the file is not JSON'] };
  }
  if (!isObject(file)) return { problems: ['the file is no JSON object'] };
  const problems = Object.keys(file)
    .filter((key) => !KEYS.has(key))
    .map((key) => `${key}: unknown`);
  const version = file.fhirVersion ?? 'R4';
  if (version !== 'R4' && version !== '')
    problems.push(`fhirVersion: ${String(version)} cannot be compiled: only R4`);

  const onError = errorsOf(file.processingErrors ?? file.processingError ?? 'stop', problems);
  const parameters = parametersOf(file.parameters ?? {}, problems);
  const rules: Rule[] = [];
  for (const [i, rule] of list(file.fhirPathRules, 'fhirPathRules', problems).entries()) {
    const path = typeof rule.path === 'string' ? rule.path : '';
    const name = `fhirPathRules[${i}] ${path}`;
    const method = methodOf(rule, name, 'path', problems);
    const alternatives = path === '' ? 'has no path' : parsePath(path);
    if (typeof alternatives === 'string') problems.push(`${name}: ${alternatives}`);
    else if (method) rules.push({ path, alternatives, method });
  }
  const columns = new Map<string, Method>();
  for (const [i, rule] of list(file.csvRules, 'csvRules', problems).entries()) {
    const column = typeof rule.column === 'string' ? rule.column : '';
    const name = `csvRules[${i}] ${column}`;
    const method = methodOf(rule, name, 'column', problems);
    if (column === '') problems.push(`${name}: has no column`);
    else if (columns.has(column)) problems.push(`${name}: the column has two rules`);
    else if (method) columns.set(column, method);
  }
  const delimiter = file.csvDelimiter ?? ',';
  if (typeof delimiter !== 'string' || !/^[,;|\t]$/.test(delimiter))
    problems.push('csvDelimiter: one of , ; | and the tabulator');
  if (rules.length + columns.size === 0 && problems.length === 0)
    problems.push('no rules: everything would be redacted');
  if (problems.length > 0) return { problems };
  return { rules, columns, delimiter: String(delimiter), onError, parameters };
}

function errorsOf(value: unknown, problems: string[]): 'stop' | 'skip' {
  if (value === 'stop' || value === 'raise') return 'stop';
  if (value === 'skip') return 'skip';
  problems.push(`processingErrors: ${String(value)} cannot be compiled: stop (or raise) or skip`);
  return 'stop';
}

function parametersOf(value: unknown, problems: string[]): Parameters {
  const given = isObject(value) ? value : {};
  if (!isObject(value)) problems.push('parameters: no object');
  for (const key of Object.keys(given)) if (!PARAMETERS.has(key)) problems.push(`parameters.${key}: unknown`);
  if (given.dateShiftFixedOffsetInDays !== undefined)
    problems.push(
      'parameters.dateShiftFixedOffsetInDays: cannot be compiled: one offset for all dates shifts nothing that matters',
    );
  const string = (key: string): string => {
    const text = given[key] ?? '';
    if (typeof text !== 'string') problems.push(`parameters.${key}: no text`);
    return String(text);
  };
  const flag = (key: string): boolean => {
    const set = given[key] ?? false;
    if (typeof set !== 'boolean' && set !== 'true' && set !== 'false')
      problems.push(`parameters.${key}: true or false`);
    return String(set) === 'true';
  };
  const scope = given.dateShiftScope ?? 'resource';
  if (scope !== 'resource' && scope !== 'file' && scope !== 'folder')
    problems.push('parameters.dateShiftScope: resource, file or folder');
  const zips = given.restrictedZipCodeTabulationAreas ?? [];
  if (!Array.isArray(zips) || !zips.every((zip) => typeof zip === 'string'))
    problems.push('parameters.restrictedZipCodeTabulationAreas: a list of texts');
  return {
    dateShiftKey: string('dateShiftKey'),
    dateShiftScope: scope === 'file' || scope === 'folder' ? scope : 'resource',
    cryptoHashKey: string('cryptoHashKey'),
    encryptKey: string('encryptKey'),
    partialDates: flag('enablePartialDatesForRedact'),
    partialAges: flag('enablePartialAgesForRedact'),
    partialZipCodes: flag('enablePartialZipCodesForRedact'),
    restrictedZipCodes: new Set(Array.isArray(zips) ? zips.map(String) : []),
  };
}

function methodOf(
  rule: Json,
  name: string,
  place: 'path' | 'column',
  problems: string[],
): Method | undefined {
  const method = typeof rule.method === 'string' ? rule.method : '';
  const known = Object.keys(MEMBERS).find((word) => word.toLowerCase() === method.toLowerCase());
  const before = problems.length;
  if (!known) {
    problems.push(
      `${name}: the method ${method || 'that is missing'} cannot be compiled: ${Object.keys(MEMBERS).join(', ')}`,
    );
    return undefined;
  }
  for (const key of Object.keys(rule))
    if (key !== 'method' && key !== place && !MEMBERS[known]?.includes(key))
      problems.push(`${name}: ${key} is not known with ${known}`);
  const made = makeMethod(known, rule, name, place, problems);
  return problems.length > before ? undefined : made;
}

function makeMethod(
  method: string,
  rule: Json,
  name: string,
  place: string,
  problems: string[],
): Method | undefined {
  switch (method) {
    case 'tokenize':
      return tokenize(rule, name, problems);
    case 'substitute': {
      const value = rule.replaceWith;
      if (value === undefined || value === null) problems.push(`${name}: replaceWith is missing`);
      if (place === 'column' && typeof value === 'object') problems.push(`${name}: replaceWith is no text`);
      // Microsoft's tool takes objects as the text of their JSON.
      const asObject = typeof value === 'string' && /^\s*\{/.test(value) ? parsed(value) : undefined;
      return { method, json: JSON.stringify(asObject ?? value ?? '') };
    }
    case 'generalize': {
      const cases = isObject(rule.cases) ? Object.entries(rule.cases) : [];
      if (cases.length === 0) problems.push(`${name}: cases are missing`);
      const compiled: GeneralizeCase[] = [];
      for (const [condition, value] of cases) {
        const parsedCase = parseCase(condition, String(value));
        if (typeof parsedCase === 'string') problems.push(`${name}: the case “${condition}” ${parsedCase}`);
        else compiled.push(parsedCase);
      }
      const otherValues = rule.otherValues ?? 'redact';
      if (otherValues !== 'redact' && otherValues !== 'keep')
        problems.push(`${name}: otherValues is redact or keep`);
      return { method, cases: compiled, otherValues: otherValues === 'keep' ? 'keep' : 'redact' };
    }
    case 'perturb': {
      const span = Number(rule.span);
      const roundTo = Number(rule.roundTo ?? 2);
      const rangeType = String(rule.rangeType ?? 'fixed').toLowerCase();
      if (!(span > 0)) problems.push(`${name}: span is a number above 0`);
      if (!Number.isInteger(roundTo) || roundTo < 0 || roundTo > 28)
        problems.push(`${name}: roundTo is 0 to 28`);
      if (rangeType !== 'fixed' && rangeType !== 'proportional')
        problems.push(`${name}: rangeType is fixed or proportional`);
      return { method, span, roundTo, proportional: rangeType === 'proportional' };
    }
    case 'keep':
    case 'redact':
    case 'dateShift':
    case 'cryptoHash':
    case 'encrypt':
      return { method };
    default:
      return undefined;
  }
}

function tokenize(rule: Json, name: string, problems: string[]): Method {
  const domains = new Map<string, string>();
  if (isObject(rule.domains))
    for (const [type, domain] of Object.entries(rule.domains)) domains.set(type, String(domain));
  if (typeof rule.domain === 'string') domains.set(DEFAULT_DOMAIN, rule.domain);
  if (!domains.has(DEFAULT_DOMAIN)) problems.push(`${name}: domain is missing`);
  for (const domain of domains.values())
    if (!isSurrogateName(domain))
      problems.push(`${name}: ${domain} cannot name a domain: 1 to 64 of A–Z a–z 0–9 . _ -`);
  return { method: 'tokenize', domains, ...modeOf(rule, name, problems) };
}

function modeOf(rule: Json, name: string, problems: string[]): SurrogateMode {
  const mode = rule.mode ?? 'siv';
  const { alphabet } = rule;
  if (alphabet !== undefined && mode !== 'ff1') problems.push(`${name}: alphabet is for the mode ff1`);
  if (mode === 'siv' || mode === 'hmac') return { mode };
  if (mode === 'ff1') {
    if (alphabet === undefined) return { mode };
    if (typeof alphabet === 'string' && isFf1Alphabet(alphabet) && !/["\\]/.test(alphabet))
      return { mode, alphabet };
    problems.push(`${name}: alphabet is 2 to 95 different printable characters of ASCII, without " and \\`);
    return { mode };
  }
  if (mode === 'vault')
    problems.push(
      `${name}: the mode vault needs a look-up for each identifier and is for the REST API alone`,
    );
  else if (/^ff3/i.test(String(mode)))
    problems.push(`${name}: the mode ${String(mode)} was withdrawn (SP 800-38G Rev. 1): ff1`);
  else problems.push(`${name}: the mode ${String(mode)} cannot be compiled: siv, hmac, ff1`);
  return { mode: 'siv' };
}

function list(value: unknown, name: string, problems: string[]): readonly Json[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isObject)) return value;
  problems.push(`${name}: no list of rules`);
  return [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

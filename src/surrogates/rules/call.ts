import { createHash, createHmac } from 'node:crypto';
import { type DataKey, domainKey } from '../../domain/surrogates/data-key.ts';
import { surrogatesOf } from '../../domain/surrogates/modes.ts';
import type { SurrogateMode, Surrogates } from '../../domain/surrogates/surrogates.ts';
import { shiftDate, shiftDays, yearOf } from './dates.ts';
import { splitReference } from './reference-parts.ts';
import { DEFAULT_DOMAIN, type Method, type Parameters } from './rules.ts';
import type { Role } from './states.ts';

/** What a value is computed from. */
export interface CallContext {
  readonly dataKey: DataKey;
  /** Of the input, below the folder that is read. */
  readonly file: string;
}

/** Computes the JSON that takes the place of a value. `undefined`: the value is dropped. @throws CallFailed */
export type Compute = (text: string, resourceId: string) => string | undefined;

/** A method that is computed value by value. */
export interface Call {
  readonly needsId: boolean;
  bind(context: CallContext): Compute;
}

/** A value that a method cannot take, such as a surrogate that does not authenticate. */
export class CallFailed extends Error {
  override name = 'CallFailed';
}

export interface CallPlace {
  readonly role: Role;
  readonly type: string;
  readonly parameters: Parameters;
  readonly reverse: boolean;
}

const DATES = new Set(['date', 'dateTime', 'instant']);
const CONTAINED_DOMAIN = 'contained';
const AGE_MAX = 89;
/** Of a surrogate: that of an identifier of 1,024 bytes. */
const SURROGATE_CHARACTERS_MAX = 2_048;

/** The computation of a method at a place. @returns `undefined` where the method leaves nothing of such a value */
export function callOf(method: Method, place: CallPlace): Call | undefined {
  const { parameters, role, type, reverse } = place;
  if (reverse) return reversal(method, place);
  switch (method.method) {
    case 'tokenize':
      return surrogates(method, method.domains, role);
    case 'encrypt':
      // docs/DECISIONS.md#encryption-in-rules-is-deterministic
      return call(({ dataKey }) => {
        const maker = surrogatesOf(keyOfEncryption(dataKey, parameters), 'encrypt', { mode: 'siv' });
        return (text) => JSON.stringify(rewrite(text, role, (id) => only(maker.make([id]))));
      });
    case 'cryptoHash':
      return call(({ dataKey }) => {
        const key = parameters.cryptoHashKey || domainKey(dataKey, 'cryptoHash', 'hmac-sha256', 32);
        const hash = (id: string): string => createHmac('sha256', key).update(id).digest('hex');
        return (text) => JSON.stringify(rewrite(text, role, hash));
      });
    case 'dateShift':
      return DATES.has(type) ? dateShift(parameters) : undefined;
    case 'redact':
      return partial(place);
    case 'generalize':
      return call(() => (text) => {
        for (const { matches, replacement } of method.cases)
          if (matches(text)) return quote(replacement(text), type);
        return method.otherValues === 'keep' ? quote(text, type) : undefined;
      });
    case 'perturb':
      return perturb(method, type);
    default:
      return undefined;
  }
}

function call(bind: (context: CallContext) => Compute, needsId = false): Call {
  return { needsId, bind };
}

function surrogates(mode: SurrogateMode, domains: ReadonlyMap<string, string>, role: Role): Call {
  return call(({ dataKey }) => {
    const makerOf = makers(dataKey, domains, mode);
    return (text) => JSON.stringify(rewrite(text, role, (id, type) => only(makerOf(type).make([id]))));
  });
}

/** The makers of surrogates of each type's domain, made when they are first needed. */
function makers(dataKey: DataKey, domains: ReadonlyMap<string, string>, mode: SurrogateMode) {
  const made = new Map<string, Surrogates>();
  return (type: string): Surrogates => {
    const domain = domainOf(domains, type);
    const maker = made.get(domain) ?? surrogatesOf(dataKey, domain, mode);
    made.set(domain, maker);
    return maker;
  };
}

/** The domain of the ids of a type: those within a resource have their own. */
function domainOf(domains: ReadonlyMap<string, string>, type: string): string {
  return type === '#' ? CONTAINED_DOMAIN : (domains.get(type) ?? domains.get(DEFAULT_DOMAIN) ?? '');
}

function reversal(method: Method, { role, parameters }: CallPlace): Call | undefined {
  if (method.method === 'encrypt')
    return call(({ dataKey }) => {
      const maker = surrogatesOf(keyOfEncryption(dataKey, parameters), 'encrypt', { mode: 'siv' });
      return (text) =>
        JSON.stringify(rewrite(text, role, (id) => only(maker.reverse([id])), SURROGATE_CHARACTERS_MAX));
    });
  if (method.method !== 'tokenize' || method.mode === 'hmac') return undefined;
  return call(({ dataKey }) => {
    const makerOf = makers(dataKey, method.domains, method);
    const back = (id: string, type: string): string => only(makerOf(type).reverse([id]));
    return (text) => JSON.stringify(rewrite(text, role, back, SURROGATE_CHARACTERS_MAX));
  });
}

/** Replaces the ids in a reference, or all of another text. */
function rewrite(
  text: string,
  role: Role,
  replace: (id: string, type: string) => string,
  idCharactersMax?: number,
): string {
  if (role === 'contained-id') return replace(text, '#');
  if (role !== 'reference') return replace(text, DEFAULT_DOMAIN);
  return splitReference(text, idCharactersMax)
    .map((part) => ('plain' in part ? part.plain : replace(part.id, part.type)))
    .join('');
}

function only(made: { readonly texts: string[] } | { readonly invalid: number }): string {
  const text = 'texts' in made ? made.texts[0] : undefined;
  if (text === undefined) throw new CallFailed('the value is not of the form that the mode takes');
  return text;
}

function keyOfEncryption(dataKey: DataKey, { encryptKey }: Parameters): DataKey {
  return encryptKey === '' ? dataKey : { ...dataKey, seed: createHash('sha256').update(encryptKey).digest() };
}

function dateShift({ dateShiftKey, dateShiftScope, partialDates }: Parameters): Call {
  return call(({ dataKey, file }) => {
    const key = dateShiftKey || domainKey(dataKey, 'dateShift', 'hmac-sha256', 32);
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    return (text, resourceId) => {
      const scope = { resource: resourceId, file, folder }[dateShiftScope];
      const shifted = shiftDate(text, shiftDays(key, scope)) ?? (partialDates ? yearOf(text) : undefined);
      return shifted === undefined ? undefined : JSON.stringify(shifted);
    };
  }, true);
}

/** What Safe Harbor lets stand of a redacted value: the year, an age up to 89, three digits of a ZIP code. */
function partial({ type, role, parameters }: CallPlace): Call | undefined {
  if (DATES.has(type) && parameters.partialDates)
    return call(() => (text) => {
      const year = yearOf(text);
      return year === undefined ? undefined : JSON.stringify(year);
    });
  if (role === 'age' && parameters.partialAges)
    return call(() => (text) => (Number(text) <= AGE_MAX ? quote(text, type) : undefined));
  if (role === 'zip' && parameters.partialZipCodes)
    return call(() => (text) => {
      if (!/^\d{5}/.test(text)) return undefined;
      const area = text.slice(0, 3);
      return JSON.stringify(`${parameters.restrictedZipCodes.has(area) ? '000' : area}00`);
    });
  return undefined;
}

function perturb(
  { span, proportional, roundTo }: Extract<Method, { method: 'perturb' }>,
  type: string,
): Call {
  return call(({ dataKey }) => {
    const key = domainKey(dataKey, 'perturb', 'hmac-sha256', 32);
    return (text, resourceId) => {
      const value = Number(text);
      if (text.trim() === '' || !Number.isFinite(value)) return undefined;
      const noise =
        createHmac('sha256', key).update(`${resourceId}|${text}`).digest().readUInt32BE() / 2 ** 32 - 0.5;
      const changed = value + noise * span * (proportional ? Math.abs(value) : 1);
      return changed.toFixed(/nt$|Int$/.test(type) ? 0 : Math.min(roundTo, 20));
    };
  }, true);
}

const NUMBERS = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** JSON of a value: a number where the type is one and the text, too. */
function quote(text: string | undefined, type: string): string | undefined {
  if (text === undefined) return undefined;
  const isNumber = /^(decimal|integer|positiveInt|unsignedInt)$/.test(type) && NUMBERS.test(text);
  const isBoolean = type === 'boolean' && /^(true|false)$/.test(text);
  return isNumber || isBoolean ? text : JSON.stringify(text);
}

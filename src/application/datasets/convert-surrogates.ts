import { hash } from 'node:crypto';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import { surrogatesOf } from '../../domain/surrogates/modes.ts';
import { isSurrogateName } from '../../domain/surrogates/names.ts';
import { parseSurrogate } from '../../domain/surrogates/surrogate-text.ts';
import type { Made, SurrogateMode } from '../../domain/surrogates/surrogates.ts';
import { SYSTEM_USER_ID } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import type { DataKeys } from './data-keys.ts';

/** Converted in one turn of the event loop: others wait no longer. */
const SLICE = 500;

export interface SurrogatesRequest {
  readonly dataset: string;
  readonly domain: string;
  readonly texts: readonly string[];
  /** By default `siv`. */
  readonly mode?: SurrogateMode;
  /** By default the active version; of `siv` surrogates to reverse, the one that each carries. */
  readonly version?: number;
  /** The service that asks. */
  readonly service: string;
}

/**
 * Makes the surrogate of each identifier, in order, with the active version. Writes no entry.
 * @returns `dataset_unknown`, `dataset_destroyed`, `domain_invalid`, or `identifier_invalid` naming the first, and then none is made
 */
export async function makeSurrogates(
  keys: DataKeys,
  { dataset, domain, texts, mode = { mode: 'siv' }, version }: SurrogatesRequest,
): Promise<readonly string[] | Refusal> {
  if (!isSurrogateName(domain)) return refuse('domain_invalid');
  const key = await keys.find(dataset, version);
  if (isRefusal(key)) return key;
  const surrogates = surrogatesOf(key, domain, mode);
  const made = await inSlices(texts, (slice) => surrogates.make(slice));
  return 'invalid' in made ? refuse('identifier_invalid', { detail: `values[${made.invalid}]` }) : made.texts;
}

/**
 * Turns surrogates back, each under the version that it carries. All or none: the entry says which service asked for how
 * many, and the SHA-256 of what was sent, never a value; it is committed before anything is told.
 * @returns `rate_limited`, or `surrogate_invalid` naming the first that does not authenticate; that is on record, too
 */
export async function reverseSurrogates(
  context: Context,
  keys: DataKeys,
  request: SurrogatesRequest,
): Promise<readonly string[] | Refusal> {
  const { dataset, domain, texts, service } = request;
  if (!isSurrogateName(domain)) return refuse('domain_invalid');
  const wait = await context.rateLimiter.take(`reversals/${service}`, context.settings.rateLimits.reversals);
  if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
  const reversed = await reverse(keys, request);
  if (isRefusal(reversed) && reversed.refused !== 'surrogate_invalid') return reversed;
  const detail = {
    ...{ service, dataset, domain, count: texts.length },
    digest: hash('sha256', texts.join('\n'), 'hex'),
  };
  const { result } = await context.decider.submit<readonly string[] | Refusal>({
    userId: SYSTEM_USER_ID,
    origin: { kind: 'service', name: service },
    decide: (system) => ({
      result: reversed,
      draft: {
        type: 'surrogates.reversed',
        detail,
        ...(isRefusal(reversed) ? { reason: reversed.refused } : {}),
        state: system?.state ?? {},
      },
    }),
  });
  return result;
}

async function reverse(
  keys: DataKeys,
  { dataset, domain, texts, mode = { mode: 'siv' }, version }: SurrogatesRequest,
): Promise<readonly string[] | Refusal> {
  const versions = texts.map((text) => version ?? versionOf(text, mode));
  const values = new Array<string>(texts.length);
  let invalid = texts.length;
  for (const each of new Set(versions)) {
    const key = await keys.find(dataset, each);
    const indexes = versions.flatMap((found, index) => (found === each ? [index] : []));
    if (isRefusal(key)) {
      // A version that no surrogate of this dataset has is a surrogate of something else.
      const known = await keys.find(dataset);
      if (isRefusal(known) || key.refused !== 'dataset_unknown') return key;
      invalid = Math.min(invalid, indexes[0] ?? invalid);
      continue;
    }
    const surrogates = surrogatesOf(key, domain, mode);
    const made = await inSlices(
      indexes.map((index) => texts[index] ?? ''),
      (slice) => surrogates.reverse(slice),
    );
    if ('invalid' in made) invalid = Math.min(invalid, indexes[made.invalid] ?? invalid);
    else for (const [at, index] of indexes.entries()) values[index] = made.texts[at] ?? '';
  }
  return invalid < texts.length ? refuse('surrogate_invalid', { detail: `surrogates[${invalid}]` }) : values;
}

/** The version to reverse with; undefined: the active one. */
function versionOf(text: string, { mode }: SurrogateMode): number | undefined {
  return mode === 'ff1' ? undefined : parseSurrogate(text)?.version;
}

async function inSlices(
  texts: readonly string[],
  convert: (slice: readonly string[]) => Made,
): Promise<Made> {
  const all: string[] = [];
  for (let start = 0; start < texts.length; start += SLICE) {
    const made = convert(texts.slice(start, start + SLICE));
    if ('invalid' in made) return { invalid: start + made.invalid };
    all.push(...made.texts);
    if (start + SLICE < texts.length) await new Promise((resolve) => setImmediate(resolve));
  }
  return { texts: all };
}

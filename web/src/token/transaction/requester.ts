import { isVisible } from '../../../../src/domain/visible-text.ts';

/** Who asked for a transaction, as the server says: a hint, not signed. */
export interface Requester {
  readonly service: string;
  readonly reference?: string;
  readonly message?: string;
}

const LENGTH_MAX = { service: 64, reference: 35, message: 140 } as const;

/** Reads `requested_by` of an answer. @returns undefined for anything that a server does not send */
export function readRequester(source: unknown): Requester | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  const read: Record<string, string> = {};
  for (const [name, lengthMax] of Object.entries(LENGTH_MAX)) {
    const value: unknown = Object.hasOwn(source, name)
      ? (source as Record<string, unknown>)[name]
      : undefined;
    if (value === undefined) continue;
    if (typeof value !== 'string' || value === '' || [...value].length > lengthMax || !isVisible(value))
      return undefined;
    read[name] = value;
  }
  const { service, ...said } = read;
  return service === undefined ? undefined : Object.freeze({ service, ...said });
}

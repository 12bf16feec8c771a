import type { RecordedBody } from '../../domain/journal/entry.ts';

/** Which service asked for a transaction, and what it said: a third party's words, which no code covers. */
export interface RequestedBy {
  /** The service's name when it asked. */
  readonly service: string;
  /** By which the service and its user know the matter, such as the number of an order. */
  readonly reference?: string;
  readonly message?: string;
}

/** As the entry of a request has it. */
export function requesterDetail({ service, reference, message }: RequestedBy) {
  return {
    service_name: service,
    ...(reference === undefined ? {} : { reference }),
    ...(message === undefined ? {} : { message }),
  };
}

/** @returns undefined where its user asked, or a server of a version before recorded no name */
export function requesterOf(detail: RecordedBody['detail']): RequestedBy | undefined {
  const { service_name: service, reference, message } = detail ?? {};
  if (typeof service !== 'string') return undefined;
  return {
    service,
    ...(typeof reference === 'string' ? { reference } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  };
}

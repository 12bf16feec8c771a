import { clientName } from '../../../../src/domain/client-name.ts';

/**
 * Returns a readable name for the client of a session. A label that the server has shortened already stays as it is.
 */
export const placeOf = clientName;

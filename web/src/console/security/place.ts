import { clientName } from '../../../../src/domain/client-name.ts';

/** A readable name of where a session is from; a label that the server has shortened already stands as it is. */
export const placeOf = clientName;

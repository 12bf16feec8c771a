/** What connections of this version call themselves (`application_name`). Those of versions that know no lanes: `sello`. */
export const CONNECTION_NAME = 'sello/lanes';
/** The name of connections of versions that know no lanes. */
export const OLD_CONNECTION_NAME = 'sello';

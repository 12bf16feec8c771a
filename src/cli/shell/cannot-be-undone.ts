import { text } from '../../language/text.ts';

/** What `--yes` of a command says that cannot be undone. Without it such a command does nothing. */
export const CANNOT_BE_UNDONE = text('do it: this cannot be undone', 'hacerlo: no se puede deshacer');

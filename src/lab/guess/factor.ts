import { type Text, text } from '../../language/text.ts';
import type { ThrowawayUser } from '../throwaway-user.ts';
import type { Trial } from '../trial.ts';

export const WRONG: Readonly<Record<Factor['id'], Text>> = {
  code: text('wrong codes', 'códigos falsos'),
  password: text('wrong passwords', 'contraseñas falsas'),
};
export const RIGHT: Readonly<Record<Factor['id'], Text>> = {
  code: text('the right code', 'el código correcto'),
  password: text('the right password', 'la contraseña correcta'),
};

/** A factor that can be guessed: the answer to a wrong attempt, and the type of its journal entry. */
export interface Factor {
  readonly id: 'code' | 'password';
  readonly wrong: 'code_wrong' | 'credentials_invalid';
  readonly entry: 'transaction.refused' | 'login.refused';
}
export const CODE: Factor = { id: 'code', wrong: 'code_wrong', entry: 'transaction.refused' };
export const PASSWORD: Factor = { id: 'password', wrong: 'credentials_invalid', entry: 'login.refused' };

/** How many attempts of a user were evaluated, by the journal. */
export async function evaluated(
  { target }: Trial,
  user: ThrowawayUser,
  { wrong, entry }: Factor,
): Promise<number> {
  const entries = await target.entriesOf(user.username);
  return entries.filter(({ type, reason }) => type === entry && reason === wrong).length;
}

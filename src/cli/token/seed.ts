import { decodeBase32 } from '../../domain/encoding/base32.ts';
import { text } from '../../language/text.ts';
import { usageFailure } from '../shell/failure.ts';

/** The bytes of a seed given in base32 (RFC 4648). @throws CommandFailure when it is empty or not base32 */
export function readSeed(base32: string): Uint8Array {
  const seed = decodeBase32(base32, 'ignored');
  if (seed && seed.length > 0) return seed;
  throw usageFailure(
    text('the secret is not base32', 'el secreto no es base32'),
    text(
      'It has the letters A to Z and the digits 2 to 7.',
      'Tiene las letras de la A a la Z y los dígitos del 2 al 7.',
    ),
  );
}

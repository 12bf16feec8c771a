import type { MessageProblem } from '../../client/messages/message-problem.ts';
import { type Text, text } from '../../language/text.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure } from '../shell/failure.ts';

const TEXTS: Readonly<Record<MessageProblem['problem'], Text>> = {
  form_invalid: text('it is not of the form of a message', 'no tiene la forma de un mensaje'),
  not_for_these_keys: text('it is not sealed to these keys', 'no está sellado para estas claves'),
  altered: text('it was altered, or sealed to another key', 'se ha alterado, o se selló para otra clave'),
  signature_invalid: text("the signature is not the sender's", 'la firma no es la del remitente'),
  sender_other: text('somebody else signed it', 'lo firmó otra persona'),
  not_addressed: text(
    'its sender did not mean you: somebody passed it on',
    'su remitente no se dirigía a usted: alguien lo ha reenviado',
  ),
  recipients_differ: text(
    'it is sealed to other recipients than its sender signed for',
    'está sellado para otros destinatarios que los que firmó su remitente',
  ),
  expired: text('it has expired', 'ha caducado'),
  not_yet_valid: text(
    'it is from the future: check the clock of this machine',
    'es del futuro: compruebe el reloj de esta máquina',
  ),
};

/** @throws CommandFailure with the problem as its stable code */
export function believed<Result extends object>(result: Result | MessageProblem): Result {
  if (!('problem' in result)) return result;
  const { problem, detail } = result as MessageProblem;
  const { en, es } = TEXTS[problem];
  const more = detail === undefined ? '' : ` (${detail})`;
  throw new CommandFailure(
    EXIT.refused,
    problem,
    text(`Not believed: ${en}${more}`, `No es de fiar: ${es}${more}`),
  );
}

import { type Text, text } from '../language/text.ts';
import { downgrade } from './downgrade/downgrade.ts';
import { flood } from './flood/flood.ts';
import { guess } from './guess/guess.ts';
import { mitm } from './mitm/mitm.ts';
import { reorder } from './reorder.ts';
import { replay } from './replay.ts';
import { slowClient } from './slow-client.ts';
import type { AttackOptions, Target } from './target.ts';
import type { AttackName, Verdict } from './verdict.ts';

export type Attack = (target: Target, options?: AttackOptions) => Promise<Verdict>;

export interface AttackEntry {
  readonly run: Attack;
  readonly summary: Text;
  /** The attacker's aim, in one line. */
  readonly aim: Text;
}

/** Every attack, in the order of `sello lab all`. */
export const ATTACKS: Readonly<Record<AttackName, AttackEntry>> = {
  mitm: {
    run: mitm,
    summary: text(
      'a man in the middle changes payee, payer or amount on the way',
      'un intermediario cambia beneficiario, ordenante o importe en el camino',
    ),
    aim: text(
      'to have the money go elsewhere, or to pay more, with what the user had authorised',
      'desviar el dinero, o que se pague más, con lo que el usuario había autorizado',
    ),
  },
  replay: {
    run: replay,
    summary: text('the same transaction is sent again', 'se envía otra vez la misma transacción'),
    aim: text('to be paid twice', 'cobrar dos veces'),
  },
  reorder: {
    run: reorder,
    summary: text(
      'pipelined transactions are mixed: order, nonces, MACs',
      'se mezclan transacciones en cadena: orden, nonces, MAC',
    ),
    aim: text(
      "to have one transaction pass with another's proof, or twice",
      'que una transacción pase con la prueba de otra, o dos veces',
    ),
  },
  guess: {
    run: guess,
    summary: text('codes and passwords are guessed', 'se adivinan códigos y contraseñas'),
    aim: text('to hit the right one by many tries', 'acertar a fuerza de intentos'),
  },
  flood: {
    run: flood,
    summary: text(
      'too many connections, errors, registrations, log-ins, bytes',
      'demasiadas conexiones, errores, registros, inicios de sesión, bytes',
    ),
    aim: text('to keep others from being served', 'que los demás no sean atendidos'),
  },
  'slow-client': {
    run: slowClient,
    summary: text(
      'clients that send a byte at a time, never log in, never read',
      'clientes que envían byte a byte, nunca inician sesión, nunca leen',
    ),
    aim: text(
      'to tie up connections and memory with little effort',
      'ocupar conexiones y memoria con poco esfuerzo',
    ),
  },
  downgrade: {
    run: downgrade,
    summary: text(
      'less is offered: no TLS, no nonce, no MAC, a weaker proof, other keys',
      'se ofrece menos: sin TLS, sin nonce, sin MAC, prueba más débil, otras claves',
    ),
    aim: text('to get by with less than is asked for', 'pasar con menos de lo exigido'),
  },
};

export const ATTACK_NAMES = Object.keys(ATTACKS) as readonly AttackName[];

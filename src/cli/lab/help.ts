import { ATTACKS } from '../../lab/attacks.ts';
import type { AttackName } from '../../lab/verdict.ts';
import { text } from '../../language/text.ts';
import { examples } from '../shell/examples.ts';
import type { Shell } from '../shell/shell.ts';

const EXAMPLES: Readonly<Record<AttackName, readonly string[]>> = {
  mitm: [
    'sello lab mitm',
    'sello lab mitm --change payee=Mallory --change amount=499',
    'sello lab mitm --proxy --change payee=Mallory',
  ],
  replay: ['sello lab replay', 'sello lab replay --copies 256', 'sello lab replay --patience 130'],
  reorder: ['sello lab reorder', 'sello lab reorder --json'],
  guess: ['sello lab guess', 'sello lab guess --patience 5'],
  flood: ['sello lab flood', 'sello lab flood --log-ins 32'],
  'slow-client': ['sello lab slow-client', 'sello lab slow-client --patience 15'],
  downgrade: ['sello lab downgrade', 'sello lab downgrade --target localhost:11002'],
};

export function describe(shell: Shell, name: AttackName): string {
  return shell.say(ATTACKS[name].summary);
}

/** The end of an attack's help: its aim, and the result to expect. */
export function expectations(shell: Shell, name: AttackName): string {
  const aim = shell.say(text('What an attacker wants: ', 'Lo que quiere un atacante: '));
  const expect = shell.say(
    text(
      'What to expect: every step "held", and "verdict … held" as the last line, exit code 0.',
      'Qué esperar: cada paso "held", y "veredicto … held" en la última línea, código de salida 0.',
    ),
  );
  return `\n${aim}${shell.say(ATTACKS[name].aim)}.\n${expect}\n${examples(shell, ...EXAMPLES[name])}`;
}

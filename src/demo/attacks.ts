import { ATTACK_NAMES, ATTACKS } from '../lab/attacks.ts';
import type { FloodOptions } from '../lab/flood/flood.ts';
import { type Step, shown, type Verdict } from '../lab/verdict.ts';
import { text } from '../language/text.ts';
import type { DemoServer } from './demo-server.ts';
import type { Tour } from './tour.ts';

const RECEIVED_LENGTH_MAX = 66;
/** Longer than every wait at the bounds of the demonstration's server. */
const PATIENCE_MS = 8_000;
/** Loose, because both ends run in this process and other work may run beside it. */
const OPTIONS: FloodOptions = { patienceMs: PATIENCE_MS, logIns: 48, latencyMsMax: 5_000 };

/** Runs each attack of the lab against the server, and shows what came back. */
export async function attack(tour: Tour, { target }: DemoServer): Promise<void> {
  tour.section(
    text('Attacks', 'Ataques'),
    text(
      'What the lab tries against a server (sello lab): each line is an attempt and what came back.',
      'Lo que el laboratorio intenta contra un servidor (sello lab): cada línea es un intento y lo que volvió.',
    ),
  );
  for (const name of ATTACK_NAMES) {
    const { run, summary, aim } = ATTACKS[name];
    tour.line(`   ${name}: ${tour.say(summary)}`);
    tour.line(`     ${tour.say(text('aim', 'objetivo'))}: ${tour.say(aim)}`);
    const verdict = await run(target, { ...OPTIONS, onStep: (step) => showStep(tour, step) });
    for (const { what, why } of verdict.skipped) tour.line(`     - ${tour.say(what)}: ${tour.say(why)}`);
    showVerdict(tour, verdict);
    tour.line('');
  }
}

function showStep(tour: Tour, { what, received, held }: Step): void {
  tour.line(`     ${held ? '·' : '✗'} ${tour.say(what)}`);
  tour.line(`         ${outcome(received)}`);
}

/** Status and code of an answer: `POSIBLE ATAQUE mac_mismatch`. Any other text stays as it is. */
function outcome(received: string): string {
  const status = /"status":"([^"]+)"/.exec(received)?.[1];
  const error = /"error":"([^"]+)"/.exec(received)?.[1];
  const wait = /"reintentar_ms":(\d+)/.exec(received)?.[1];
  const told = status
    ? [status, error, wait === undefined ? undefined : `${wait} ms`].filter(Boolean).join(' ')
    : shown(received);
  return told.length > RECEIVED_LENGTH_MAX ? `${told.slice(0, RECEIVED_LENGTH_MAX)}…` : told;
}

function showVerdict(tour: Tour, { name, held, steps }: Verdict): void {
  const passed = steps.filter((step) => step.held).length;
  tour.check(
    held,
    held
      ? text(
          `${name}: held, ${passed} of ${steps.length}`,
          `${name}: resiste (held), ${passed} de ${steps.length}`,
        )
      : text(
          `${name}: BROKEN, ${passed} of ${steps.length}`,
          `${name}: roto (BROKEN), ${passed} de ${steps.length}`,
        ),
  );
}

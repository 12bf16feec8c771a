import { existsSync } from 'node:fs';
import { LabRefused, ServerLost } from '../lab/lab-error.ts';
import { text } from '../language/text.ts';
import type { TcpServices } from '../wire/tcp/services.ts';
import { attack } from './attacks.ts';
import { countDown, enrol, register, showServer } from './customer.ts';
import { type DemoServer, startDemoServer } from './demo-server.ts';
import { checkJournal } from './journal.ts';
import { checkReceipt, payLarge, paySmall } from './pay.ts';
import type { Tour } from './tour.ts';

export interface DemoOutcome {
  readonly ok: boolean;
  readonly checks: number;
  readonly tookMs: number;
  readonly folder: string;
}

/**
 * Shows what Sello does, on a real server that is removed afterwards. Every line is what happened. A failed check is
 * marked, and makes the outcome not ok.
 */
export async function runDemo(
  tour: Tour,
  altered?: (services: TcpServices) => TcpServices,
): Promise<DemoOutcome> {
  const startedAt = performance.now();
  tour.line(
    tour.say(
      text(
        'Sello authorises a transaction with a code that fits only that transaction. A tour, in under a minute.',
        'Sello autoriza una transacción con un código que solo vale para ella. Un recorrido, en menos de un minuto.',
      ),
    ),
  );
  const server = await startDemoServer(altered);
  try {
    await walk(tour, server);
  } catch (error) {
    if (!(error instanceof LabRefused || error instanceof ServerLost)) throw error;
    tour.check(false, text(error.message, error.message));
  } finally {
    await server.remove();
  }
  const tookMs = Math.round(performance.now() - startedAt);
  close(tour, server.folder, tookMs);
  return { ok: tour.ok, checks: tour.checks.length, tookMs, folder: server.folder };
}

async function walk(tour: Tour, server: DemoServer): Promise<void> {
  showServer(tour, server);
  const customer = await register(tour, server);
  await enrol(tour, customer);
  await countDown(tour, customer);
  await paySmall(tour, server, customer);
  const receipt = await payLarge(tour, server, customer);
  await checkReceipt(tour, server, receipt);
  await attack(tour, server);
  customer.connection.destroy();
  await checkJournal(tour, server);
}

function close(tour: Tour, folder: string, tookMs: number): void {
  tour.section(text('The end', 'Fin'), text('Nothing of it is left.', 'No queda nada de ello.'));
  tour.check(
    !existsSync(folder),
    text(
      `the server has stopped, ${folder} is removed`,
      `el servidor se ha detenido, ${folder} está borrada`,
    ),
  );
  const failed = tour.checks.filter(({ ok }) => !ok).length;
  const count = tour.checks.length;
  const seconds = (tookMs / 1_000).toFixed(1);
  tour.line('');
  tour.line(
    tour.say(
      failed === 0
        ? text(
            `All ${count} checks are as they should be. ${seconds} s.`,
            `Las ${count} comprobaciones son como deben ser. ${seconds} s.`,
          )
        : text(
            `${failed} of ${count} checks are NOT as they should be. ${seconds} s.`,
            `${failed} de ${count} comprobaciones NO son como deben ser. ${seconds} s.`,
          ),
    ),
  );
  tour.line(
    tour.say(text('Next: npm start, then sello lab --help', 'Ahora: npm start, y después sello lab --help')),
  );
}

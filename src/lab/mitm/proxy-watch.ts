import { text } from '../../language/text.ts';
import type { Endpoint } from '../endpoint.ts';
import { type Step, shown, type Verdict } from '../verdict.ts';
import { ManInTheMiddle } from './proxy.ts';
import { changing, type TransferChange } from './transfer-change.ts';

export interface ProxyWatchOptions {
  readonly port: number;
  readonly change: TransferChange;
  readonly timeMs: number;
  /** Ends the proxy early. */
  readonly signal?: AbortSignal;
  readonly onStart?: (port: number) => void;
  readonly onStep?: (step: Step) => void;
}

const STEPS_KEPT_MAX = 1_000;

/**
 * Runs a man in the middle for a person's own client: changes every transaction until its time is up. The verdict is
 * `held` when the server accepts no changed transaction; without any transaction it is `held` with no steps.
 */
export async function watchProxy(endpoint: Endpoint, options: ProxyWatchOptions): Promise<Verdict> {
  const steps: Step[] = [];
  let accepted = 0;
  const proxy = await ManInTheMiddle.start(endpoint, {
    port: options.port,
    tamper: changing(options.change),
    onAnswer: ({ original, sent, changed }, reply) => {
      const held = changed ? reply.status !== 'OK' : true;
      if (!held) accepted++;
      const step: Step = {
        id: changed ? 'changed' : 'passed',
        what: text('a transaction came through', 'pasó una transacción'),
        original: shown(original),
        sent: shown(sent),
        received: shown(reply.text),
        expected: text('refused, for it was changed', 'rechazada, pues fue cambiada'),
        held,
      };
      if (steps.length < STEPS_KEPT_MAX) steps.push(step);
      options.onStep?.(step);
    },
  });
  options.onStart?.(proxy.endpoint.port);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, options.timeMs);
    options.signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  await proxy.stop();
  return { name: 'mitm', held: accepted === 0, steps, skipped: [], figures: { accepted } };
}

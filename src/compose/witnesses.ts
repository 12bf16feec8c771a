import { sendToWitness } from '../adapters/witness-http/send-to-witness.ts';
import { WitnessClient } from '../application/witness/witness-client.ts';
import { Witnesses } from '../application/witness/witnesses.ts';
import type { Config } from '../config.ts';
import { signatureLine } from '../domain/log/signed-note.ts';
import { readVerifierKey } from '../domain/log/verify-note.ts';
import type { Logger } from '../ports/logger.ts';
import type { Store } from '../ports/store.ts';

/** The witnesses of `witness_urls`. */
export function witnessesOf(
  config: Config,
  { store, log }: { store: Store; log: Logger | undefined },
): Witnesses {
  return new Witnesses({
    witnesses: config.witnessUrls.map((text) => {
      const [url = '', vkey] = text.split('#', 2);
      const key = vkey === undefined ? undefined : readVerifierKey(decodeURIComponent(vkey));
      return { name: key?.name ?? new URL(url).host, client: new WitnessClient(sendToWitness(url), key) };
    }),
    keep: async (size, signature) => void (await store.log.addCosignature(size, signatureLine(signature))),
    observe: (witness, reason) =>
      reason === undefined
        ? log?.info({ witness }, 'a witness signs again')
        : log?.warn({ witness, reason }, 'a witness does not sign checkpoints'),
  });
}

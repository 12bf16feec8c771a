import type { RunningServer } from '../compose.ts';
import type { Config } from '../config.ts';
import { type Refusal, refuse } from '../domain/errors.ts';
import type { Language } from '../language/language.ts';
import { LIMITS } from '../limits.ts';
import { runOperation } from '../operator/operations.ts';
import type { AttackVerdict, Laboratory } from '../wire/http/laboratory.ts';
import { ATTACKS } from './attacks.ts';
import { endpointOf } from './endpoint.ts';
import { recordedEntries } from './recorded-entries.ts';
import type { Target } from './target.ts';
import type { AttackName } from './verdict.ts';
import { verdictIn } from './verdict-lines.ts';

/**
 * The attacks that a server may run on itself while it serves others. Floods and slow clients would take connections
 * from its users, so only `sello lab` runs those.
 *
 * Why: docs/DECISIONS.md#the-consoles-laboratory-leaves-out-floods
 */
const NAMES: readonly AttackName[] = ['mitm', 'replay', 'reorder', 'guess', 'downgrade'];
/** Skips every step that waits for an expiry: a person is waiting for the page. */
const PATIENCE_MS = 0;

/** Runs attacks from the console: the server attacks its own TCP port, with throw-away users. */
export class ServerLaboratory implements Laboratory {
  readonly #server: RunningServer;
  readonly #config: Config;
  #running: AttackName | undefined;

  constructor(server: RunningServer, config: Config) {
    this.#server = server;
    this.#config = config;
  }

  get running(): string | undefined {
    return this.#running;
  }

  attacks(language: Language) {
    return NAMES.map((name) => {
      const { summary, aim } = ATTACKS[name];
      return { name, summary: summary[language], aim: aim[language] };
    });
  }

  async run(given: string, language: Language): Promise<AttackVerdict | Refusal> {
    const name = NAMES.find((known) => known === given);
    if (!name) return refuse('resource_unknown');
    if (this.#running !== undefined) return refuse('already_running', { detail: this.#running });
    this.#running = name;
    try {
      return verdictIn(await ATTACKS[name].run(await this.#target(), { patienceMs: PATIENCE_MS }), language);
    } finally {
      this.#running = undefined;
    }
  }

  async #target(): Promise<Target> {
    const server = this.#server;
    const { application, tcp } = server;
    const { address, port } = tcp.address();
    return {
      endpoint: await endpointOf(this.#config, { host: address, port }),
      config: this.#config,
      limits: LIMITS,
      operate: (name, given) => runOperation({ application, server }, name, given) as never,
      entriesOf: (username) => recordedEntries(application.store, username),
    };
  }
}

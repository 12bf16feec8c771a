import { findEndpoint } from '../cli/lab/target.ts';
import type { RunningServer } from '../compose.ts';
import type { Config } from '../config.ts';
import { type Refusal, refuse } from '../domain/errors.ts';
import type { Language } from '../language/language.ts';
import type { Text } from '../language/text.ts';
import { LIMITS } from '../limits.ts';
import { runOperation } from '../operator/operations.ts';
import type { AttackVerdict, Laboratory } from '../wire/http/laboratory.ts';
import { ATTACKS } from './attacks.ts';
import type { RecordedEntry, Target } from './target.ts';
import type { AttackName, Verdict } from './verdict.ts';

/**
 * Those that a server may be put to while it serves others. Flooding it, or tying up its connections, would take them
 * from its users: that is for `sello lab`.
 */
const NAMES: readonly AttackName[] = ['mitm', 'replay', 'reorder', 'guess', 'downgrade'];
/** What would have to wait for something to expire is left out: somebody is looking at a page. */
const PATIENCE_MS = 0;
const ENTRIES_MAX = 1_024;

/** Attacks of a server on itself, from the console: over its own TCP port, with throw-away users. */
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
    const { application, addresses } = this.#server;
    const operated = { application, server: this.#server };
    return {
      endpoint: await findEndpoint(this.#config, addresses.tcp),
      config: this.#config,
      limits: LIMITS,
      operate: (name, given) => runOperation(operated, name, given) as never,
      entriesOf: (username) => this.#entriesOf(username),
    };
  }

  async #entriesOf(username: string): Promise<readonly RecordedEntry[]> {
    const { store } = this.#server.application;
    const user = await store.findUser(username);
    if (!user) return [];
    const entries = await store.readUserJournal(user.userId, {
      below: Number.POSITIVE_INFINITY,
      limit: ENTRIES_MAX,
    });
    return entries.map(({ body }) => JSON.parse(body) as RecordedEntry).reverse();
  }
}

function verdictIn({ name, held, steps, skipped, figures }: Verdict, language: Language): AttackVerdict {
  const say = (text: Text) => text[language];
  return {
    ...{ name, held, figures },
    steps: steps.map((step) => ({ ...step, what: say(step.what), expected: say(step.expected) })),
    skipped: skipped.map(({ id, what, why }) => ({ id, what: say(what), why: say(why) })),
  };
}

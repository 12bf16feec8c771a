import type { UserId } from '../../src/ports/store.ts';
import { sessionSecretOf } from '../fixtures/identities.ts';
import { Lines } from './lines.ts';
import { type Client, isOk, type LoadOptions, type Meter } from './load.ts';
import type { Prove } from './transactions.ts';

const RESUME_ID = -2;
const CHALLENGES_ID = -1;
/** Challenges per request: enough for a few windows. */
const CHALLENGES = 256;

/** Keeps `window` transactions of one user in flight, each with its `id` and `nonce`. Requests challenges in batches. */
export class PipelinedClient implements Client {
  readonly #options: LoadOptions;
  readonly #userId: UserId;
  readonly #meter: Meter;
  readonly #prove: Prove;
  readonly #sentAt: Float64Array;
  readonly #idle: number[] = [];
  #nonces: string[] = [];
  #asked = false;
  #underWay = 0;
  #stopped: (() => void) | undefined;
  #lines: Lines | undefined;

  constructor(options: LoadOptions, userId: UserId, meter: Meter, prove: Prove) {
    this.#options = options;
    this.#userId = userId;
    this.#meter = meter;
    this.#prove = prove;
    this.#sentAt = new Float64Array(options.window);
    for (let slot = 0; slot < options.window; slot++) this.#idle.push(slot);
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const onLine = (line: string) => {
        const id = Number(line.slice(line.lastIndexOf(':') + 1, -1));
        if (id === RESUME_ID) {
          if (isOk(line)) resolve();
          else reject(new Error(line));
          this.#askForChallenges();
        } else this.#take(id, line);
      };
      Lines.connect(this.#options.port, onLine, reject).then((lines) => {
        this.#lines = lines;
        this.#send(`"accion":"reanudar","sesion":"${sessionSecretOf(this.#userId)}"`, RESUME_ID);
      }, reject);
    });
  }

  async stop(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    if (this.#underWay === 0) this.#stopped?.();
    await stopped;
    this.#lines?.close();
  }

  #take(id: number, line: string): void {
    this.#underWay--;
    if (id === CHALLENGES_ID) {
      this.#asked = false;
      if (isOk(line)) this.#nonces = (JSON.parse(line) as { nonces: string[] }).nonces.concat(this.#nonces);
      else this.#meter.failed(line);
    } else {
      if (isOk(line)) this.#meter.done(this.#sentAt[id] ?? 0);
      else this.#meter.failed(line);
      this.#idle.push(id);
    }
    if (!this.#stopped) this.#fill();
    else if (this.#underWay === 0) this.#stopped();
  }

  #fill(): void {
    while (this.#idle.length > 0) {
      const nonce = this.#nonces.pop();
      if (nonce === undefined) break;
      const slot = this.#idle.pop() ?? 0;
      this.#sentAt[slot] = performance.now();
      this.#underWay++;
      this.#send(`"accion":"transaccion",${this.#prove(nonce)},"nonce":"${nonce}"`, slot);
    }
    if (this.#nonces.length < this.#options.window) this.#askForChallenges();
  }

  #askForChallenges(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#underWay++;
    this.#send(`"accion":"pet_transaccion","cantidad":${CHALLENGES}`, CHALLENGES_ID);
  }

  #send(members: string, id: number): void {
    this.#lines?.send(`{${members},"id":${id}}`);
  }
}

import { StoreUnavailable } from '../domain/errors.ts';
import { type Text, text } from '../language/text.ts';
import { LabConnection } from './connection.ts';
import { ServerLost } from './lab-error.ts';
import { type AttackOptions, PATIENCE_MS, type RecordedEntry, type Target } from './target.ts';
import { ThrowawayUser } from './throwaway-user.ts';
import { type AttackName, type SkippedStep, type Step, shown, type Verdict } from './verdict.ts';

/** One attack while it runs. Removes what it made when it ends, however it ends. */
export class Trial {
  readonly target: Target;
  readonly patienceMs: number;
  readonly figures: Record<string, number> = {};
  readonly #onStep: ((step: Step) => void) | undefined;
  readonly #steps: Step[] = [];
  readonly #skipped: SkippedStep[] = [];
  readonly #users: ThrowawayUser[] = [];
  readonly #cleanups: (() => unknown)[] = [];

  constructor(target: Target, options: AttackOptions) {
    this.target = target;
    this.patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#onStep = options.onStep;
  }

  /** Makes a throw-away user, on request with tokens. @throws LabRefused */
  async user({ tokens = false } = {}): Promise<ThrowawayUser> {
    const user = await ThrowawayUser.register(this.target);
    this.#users.push(user);
    if (tokens) await user.enrolTokens();
    return user;
  }

  /** Opens a connection that is closed at the end. */
  async keep(opening: Promise<LabConnection>): Promise<LabConnection> {
    const connection = await opening;
    this.atEnd(() => connection.destroy());
    return connection;
  }

  atEnd(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  step(step: Omit<Step, 'sent' | 'received' | 'original'> & StepTexts): boolean {
    const { original, sent, received, ...rest } = step;
    const done: Step = {
      ...rest,
      ...(original === undefined ? {} : { original: shown(original) }),
      sent: shown(sent),
      received: shown(received),
    };
    this.#steps.push(done);
    this.#onStep?.(done);
    return done.held;
  }

  /** Whether a step that waits this long is tried. Skips it when the lab's patience is shorter. */
  hasPatience(id: string, what: Text, neededMs: number, seconds = Math.ceil(neededMs / 1_000)): boolean {
    if (neededMs <= this.patienceMs) return true;
    this.skip(
      id,
      what,
      text(`it takes ${seconds} s: --patience ${seconds}`, `tarda ${seconds} s: --patience ${seconds}`),
    );
    return false;
  }

  skip(id: string, what: Text, why: Text): void {
    this.#skipped.push({ id, what, why });
  }

  /** How many transactions of the user were approved, by the journal. */
  async approvals(user: ThrowawayUser): Promise<number> {
    const entries = await this.target.entriesOf(user.username);
    return entries.filter(({ type }) => type === 'transaction.approved').length;
  }

  async lastEntry(user: ThrowawayUser): Promise<RecordedEntry | undefined> {
    return (await this.target.entriesOf(user.username)).at(-1);
  }

  /** The last step of every attack: an honest client is served as before. */
  async honestClient(): Promise<void> {
    const message = { accion: 'pet_transaccion' };
    const connection = await LabConnection.open(this.target.endpoint);
    const reply = await connection.ask(message);
    connection.destroy();
    this.step({
      id: 'honest_client',
      what: text('a new client asks, after all that', 'un cliente nuevo pregunta, después de todo eso'),
      sent: message,
      received: reply.text,
      expected: text('a proper answer: session_required', 'una respuesta correcta: session_required'),
      held: reply.error === 'session_required',
    });
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
    for (const { username } of this.#users) {
      // Users stay in the journal forever, so they are disabled, which ends their sessions.
      await this.target.operate('user.disable', { username }).catch(() => {});
    }
  }

  verdict(name: AttackName): Verdict {
    return {
      name,
      held: this.#steps.length > 0 && this.#steps.every(({ held }) => held),
      steps: this.#steps,
      skipped: this.#skipped,
      figures: this.figures,
    };
  }
}

interface StepTexts {
  readonly original?: object | string;
  readonly sent: object | string;
  readonly received: string;
}

/**
 * Runs an attack. A server that goes away during it has not held.
 * @throws LabRefused when the attack could not be tried
 */
export async function runTrial(
  name: AttackName,
  target: Target,
  options: AttackOptions,
  attack: (trial: Trial) => Promise<void>,
): Promise<Verdict> {
  const trial = new Trial(target, options);
  try {
    await attack(trial);
    await trial.honestClient();
  } catch (error) {
    if (!isLoss(error)) throw error;
    trial.step({
      id: 'server_lost',
      what: text('the server is still there', 'el servidor sigue ahí'),
      sent: '',
      received: (error as Error).message,
      expected: text('it answers', 'responde'),
      held: false,
    });
  } finally {
    await trial.close();
  }
  return trial.verdict(name);
}

const LOSSES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

function isLoss(error: unknown): boolean {
  if (error instanceof StoreUnavailable || error instanceof ServerLost) return true;
  return error instanceof Error && 'code' in error && LOSSES.has(String(error.code));
}

/** `transaction.refused mac_mismatch: CuentaA → Mallory 10.00 EUR (version 7)` */
export function entryLine(entry: RecordedEntry | undefined): string {
  if (!entry) return '-';
  const { type, reason, transaction: t, version } = entry;
  const of = t ? `: ${t.payer} → ${t.payee} ${t.amount} ${t.currency}` : '';
  return `${type}${reason === undefined ? '' : ` ${reason}`}${of} (version ${version})`;
}

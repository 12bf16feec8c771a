import { idempotencyKey, makeApi } from '../../api/api.ts';
import { isProblem } from '../../api/problem.ts';
import { confirmToken, Enrolment, firstCode } from '../enrolment/enrolment.ts';
import { keysOf, type Lock, type Root } from '../keyring/keyring.ts';
import { unseal } from '../keyring/sealed.ts';
import type { ShownCode } from '../otp/shown-code.ts';
import type { ClockOffset } from '../server/clock-offset.ts';
import { approvalCode, type BoundTransaction } from '../transaction/bound-transaction.ts';
import type { PendingTransaction } from '../transaction/pending-transaction.ts';
import type { DeviceSession } from './device-session.ts';
import { Feeds } from './feeds.ts';
import { type Credential, Locks, type LocksOptions, type Opening } from './locks.ts';
import { OpenTokens } from './open-tokens.ts';
import type { FeedView } from './pending-feed.ts';
import { ServerClock } from './server-clock.ts';
import type { DeviceStorage, TokenRecord } from './storage.ts';
import { sealClaim, sealedContext } from './token-record.ts';

/** What the pages draw. A new object at each change. */
export interface DeviceView {
  readonly phase: 'new' | 'locked' | 'open';
  readonly locks: readonly Lock['kind'][];
  /** `waitUntilMs` by this device's clock; 0: now. */
  readonly attempts: { readonly left: number; readonly waitUntilMs: number };
  readonly tokens: readonly TokenRecord[];
  readonly feeds: readonly FeedView[];
  readonly offset: ClockOffset | undefined;
  /** The seeds were erased after too many wrong PINs. */
  readonly erased: boolean;
}

export interface DeviceOptions extends Omit<LocksOptions, 'now'> {
  readonly language: () => string;
  readonly now?: () => number;
  readonly origin?: string;
}

/** What came of an act that the user's PIN or passkey had to open. */
export type Outcome<Value> =
  | Exclude<Opening, { kind: 'open' }>
  | { readonly kind: 'done'; readonly value: Value };

/** The virtual token: all that it does, and nothing of how it looks. */
export class Device {
  readonly #storage: DeviceStorage;
  readonly #now: () => number;
  readonly #locks: Locks;
  readonly #clock: ServerClock;
  readonly #open: OpenTokens;
  readonly #feeds: Feeds;
  readonly #enrolment: Enrolment;
  readonly #listeners = new Set<() => void>();
  #view: DeviceView = {
    ...{ phase: 'new', locks: [], tokens: [], feeds: [], offset: undefined, erased: false },
    attempts: { left: 0, waitUntilMs: 0 },
  };

  private constructor({ now = () => Date.now(), ...options }: DeviceOptions) {
    const { storage, language, origin } = options;
    const place = { language, ...(origin === undefined ? {} : { origin }) };
    this.#storage = storage;
    this.#now = now;
    this.#locks = new Locks({ ...options, now });
    this.#clock = new ServerClock({ ...place, storage, now });
    this.#open = new OpenTokens({ ...place, onEnded: (id) => void this.#end(id) });
    this.#feeds = new Feeds({
      ...place,
      open: this.#open,
      onChange: () => this.#change({ feeds: this.#feeds.views }),
    });
    this.#enrolment = new Enrolment(makeApi({ ...place, headers: () => ({}) }));
  }

  static async start(options: DeviceOptions): Promise<Device> {
    const device = new Device(options);
    await device.#clock.restore();
    await device.#reload({ offset: device.#clock.offset });
    return device;
  }

  get view(): DeviceView {
    return this.#view;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The server's time as well as it is known, ms since 1970. */
  serverNow(): number {
    return this.#clock.now();
  }

  async measureClock(): Promise<void> {
    await this.#clock.measure();
    this.#change({ offset: this.#clock.offset });
  }

  unlock(credential: Credential): Promise<Outcome<void>> {
    return this.#opened(credential, (root) => this.#openCodes(root));
  }

  /** Forgets all that was opened. */
  lock(): void {
    this.#close();
    this.#change({ phase: this.#view.locks.length > 0 ? 'locked' : 'new', feeds: [] });
  }

  /** What a token shows now; undefined where it shows no plain codes or the device is locked. */
  shown(token: TokenRecord): ShownCode | undefined {
    return this.#open.shown(token, this.serverNow());
  }

  /**
   * Claims an invitation and confirms the token by its first code. On a device that is not set up, `credential` becomes
   * its lock.
   * @throws ProblemError, ConnectionLost, ClaimUnreadable
   */
  async enrol(code: string, label: string, credential: Credential): Promise<Outcome<TokenRecord>> {
    const enrol = async (root: Root): Promise<TokenRecord> => {
      const claimed = await this.#enrolment.claim(code, label);
      const token = await sealClaim(claimed, await keysOf(root), { label, enrolledAtMs: this.#now() });
      await this.#storage.putToken(token);
      await this.#openCodes(root);
      return this.#confirm(token, root);
    };
    if (this.#view.locks.length > 0) return this.#opened(credential, enrol);
    return { kind: 'done', value: await this.#setUp(credential, label, enrol) };
  }

  /** The first lock together with what it guards: without a token there is nothing to open, so none is left behind. */
  async #setUp<Value>(
    credential: Credential,
    label: string,
    act: (root: Root) => Promise<Value>,
  ): Promise<Value> {
    const root = await this.#locks.setUp(credential, label || 'Sello');
    try {
      return await act(root);
    } catch (error) {
      if ((await this.#storage.tokens()).length === 0) await this.#storage.erase();
      throw error;
    } finally {
      root.fill(0);
      await this.#reload({ erased: false });
    }
  }

  /** Confirms a token whose first code never arrived. */
  confirm(token: TokenRecord, credential: Credential): Promise<Outcome<TokenRecord>> {
    return this.#opened(credential, (root) => this.#confirm(token, root));
  }

  /** The code for exactly this transaction now, for a device without a network. */
  codeFor(
    token: TokenRecord,
    transaction: BoundTransaction,
    credential: Credential,
  ): Promise<Outcome<string>> {
    return this.#opened(credential, async (root) =>
      approvalCode(await this.#approvalSeed(token, root), transaction, this.serverNow()),
    );
  }

  /** @throws ProblemError (`transaction_decided`, `challenge_expired`, `locked`, …), ConnectionLost */
  approve(token: TokenRecord, pending: PendingTransaction, credential: Credential): Promise<Outcome<void>> {
    return this.#opened(credential, async (root) => {
      const seed = await this.#approvalSeed(token, root);
      const code = approvalCode(seed, pending.transaction, this.serverNow());
      await this.session(token).api(
        'POST /v1/transactions/{id}/approval',
        { path: { id: pending.id }, body: { code } },
        { idempotencyKey: idempotencyKey() },
      );
      this.#feeds.refresh();
    });
  }

  /** "This was not me": needs no code, so that nothing stands in its way. @throws as `approve` */
  async refuse(token: TokenRecord, { id }: PendingTransaction): Promise<void> {
    await this.session(token).api(
      'POST /v1/transactions/{id}/refusal',
      { path: { id } },
      { idempotencyKey: idempotencyKey() },
    );
    this.#feeds.refresh();
  }

  /** What talks to the server for a token. Only while the device is open. */
  session({ id }: TokenRecord): DeviceSession {
    const session = this.#open.session(id);
    if (!session) throw new Error('the device is locked');
    return session;
  }

  async rename(token: TokenRecord, label: string): Promise<void> {
    await this.#storage.putToken({ ...token, label });
    await this.#reload();
  }

  /** Takes it off this device, and revokes it on the server if that can be reached. @returns whether it is revoked there */
  async remove(token: TokenRecord): Promise<boolean> {
    let revoked = token.status === 'ended';
    try {
      if (!revoked) await this.session(token).api('DELETE /v1/tokens/{id}', { path: { id: token.id } });
      revoked = true;
    } catch (error) {
      revoked = isProblem(error, 'token_unknown', 'session_ended');
    }
    this.#open.close(token.id);
    await this.#storage.deleteToken(token.id);
    await this.#reload();
    this.#feeds.follow(this.#view.tokens);
    return revoked;
  }

  /** Another PIN, or a passkey more. @param opener what opens the device as yet */
  addLock(opener: Credential, added: Credential): Promise<Outcome<void>> {
    return this.#opened(opener, (root) =>
      this.#locks.add(root, added, this.#view.tokens[0]?.username ?? 'Sello'),
    );
  }

  async removePasskeys(): Promise<void> {
    await this.#locks.removePasskeys();
    await this.#reload();
  }

  /** Everything on this device. The server's side stays as it is. */
  async erase(): Promise<void> {
    this.#close();
    await this.#storage.erase();
    await this.#reload({ phase: 'new' });
  }

  retryNow(): void {
    this.#feeds.retryNow();
    void this.measureClock();
  }

  /** Streams cost a phone its battery: none while nobody looks. */
  setVisible(visible: boolean): void {
    if (!visible) this.#feeds.pause();
    else if (this.#view.phase === 'open') {
      this.#feeds.follow(this.#view.tokens);
      void this.measureClock();
    }
  }

  async #opened<Value>(credential: Credential, act: (root: Root) => Promise<Value>): Promise<Outcome<Value>> {
    const opening = await this.#locks.open(credential);
    if (opening.kind === 'open') return { kind: 'done', value: await this.#using(opening.root, act) };
    if (opening.kind === 'erased') this.#close();
    await this.#reload(opening.kind === 'erased' ? { phase: 'new', erased: true } : {});
    return opening;
  }

  async #using<Value>(root: Root, act: (root: Root) => Promise<Value>): Promise<Value> {
    try {
      return await act(root);
    } finally {
      root.fill(0);
      await this.#reload({ erased: false });
    }
  }

  async #openCodes(root: Root): Promise<void> {
    await this.#open.open(root, await this.#storage.tokens());
    await this.#reload({ phase: 'open' });
    this.#feeds.follow(this.#view.tokens);
    void this.measureClock();
  }

  async #confirm(token: TokenRecord, root: Root): Promise<TokenRecord> {
    const { approvals } = token;
    const code = approvals
      ? firstCode(await this.#approvalSeed(token, root), approvals.activationQuestion, this.serverNow())
      : (this.shown(token)?.code ?? '');
    await confirmToken(this.session(token).api, token.id, code);
    const active: TokenRecord = { ...token, status: 'active' };
    await this.#storage.putToken(active);
    await this.#reload();
    this.#feeds.follow(this.#view.tokens);
    return active;
  }

  async #approvalSeed({ id, approvals }: TokenRecord, root: Root): Promise<Uint8Array<ArrayBuffer>> {
    const keys = await keysOf(root);
    const seed = approvals && (await unseal(keys.approvals, approvals.seed, sealedContext(id, 'approvals')));
    if (!seed) throw new Error('this token has no seed for approvals');
    return seed;
  }

  /** Its session holds no more. */
  async #end(id: string): Promise<void> {
    const token = this.#view.tokens.find((one) => one.id === id);
    if (token) await this.#storage.putToken({ ...token, status: 'ended' });
    await this.#reload();
    this.#feeds.follow(this.#view.tokens);
  }

  #close(): void {
    this.#feeds.stop();
    this.#open.closeAll();
  }

  async #reload(part: Partial<DeviceView> = {}): Promise<void> {
    const [tokens, locks, { left, waitMs }] = await Promise.all([
      this.#storage.tokens(),
      this.#locks.kinds(),
      this.#locks.attempts(),
    ]);
    const closed = locks.length === 0 ? 'new' : 'locked';
    const phase = part.phase ?? (closed === 'locked' && this.#view.phase === 'open' ? 'open' : closed);
    const inOrder = tokens.toSorted((a, b) => a.enrolledAtMs - b.enrolledAtMs);
    const attempts = { left, waitUntilMs: waitMs > 0 ? this.#now() + waitMs : 0 };
    this.#change({ tokens: inOrder, locks, attempts, ...part, phase });
  }

  #change(part: Partial<DeviceView>): void {
    this.#view = { ...this.#view, ...part };
    for (const listener of this.#listeners) listener();
  }
}

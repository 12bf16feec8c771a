import { makeApi } from '../../api/api.ts';
import { isProblem } from '../../api/problem.ts';
import { confirmToken, Enrolment, firstCode } from '../enrolment/enrolment.ts';
import { keysOf, type Root } from '../keyring/keyring.ts';
import type { Messaging } from '../messages/messaging.ts';
import type { ShownCode } from '../otp/shown-code.ts';
import type { BoundTransaction } from '../transaction/bound-transaction.ts';
import type { PendingTransaction } from '../transaction/pending-transaction.ts';
import type { TypedTransaction } from '../transaction/typed-transaction.ts';
import { answerOf, codeOf, sendApproval, sendRefusal } from './approvals.ts';
import type { DeviceSession } from './device-session.ts';
import { type DeviceView, ViewStore } from './device-view.ts';
import { Feeds } from './feeds.ts';
import { type Credential, Locks, type LocksOptions, type Opening } from './locks.ts';
import { OpenTokens } from './open-tokens.ts';
import { ServerClock } from './server-clock.ts';
import type { DeviceStorage, TokenRecord } from './storage.ts';
import { sealClaim, unsealApprovalSeed } from './token-record.ts';

export interface DeviceOptions extends Omit<LocksOptions, 'now'> {
  readonly language: () => string;
  readonly now?: () => number;
  readonly origin?: string;
}

/** Outcome of an action that needed the PIN or a passkey. */
export type Outcome<Value> =
  | Exclude<Opening, { kind: 'open' }>
  | { readonly kind: 'done'; readonly value: Value };

/** The virtual token: its whole behaviour, without its appearance. */
export class Device {
  readonly #storage: DeviceStorage;
  readonly #now: () => number;
  readonly #locks: Locks;
  readonly #clock: ServerClock;
  readonly #open: OpenTokens;
  readonly #feeds: Feeds;
  readonly #enrolment: Enrolment;
  readonly #state = new ViewStore();

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
      onChange: () => this.#state.change({ feeds: this.#feeds.views }),
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
    return this.#state.view;
  }

  subscribe(listener: () => void): () => void {
    return this.#state.subscribe(listener);
  }

  /** Returns the estimated server time. Unit: ms since 1970 */
  serverNow(): number {
    return this.#clock.now();
  }

  async measureClock(): Promise<void> {
    await this.#clock.measure();
    this.#state.change({ offset: this.#clock.offset });
  }

  unlock(credential: Credential): Promise<Outcome<void>> {
    return this.#opened(credential, (root) => this.#openCodes(root));
  }

  /** Locks the device and forgets everything that was opened. */
  lock(): void {
    this.#close();
    this.#state.change({ phase: this.view.locks.length > 0 ? 'locked' : 'new', feeds: [] });
  }

  /** Returns the current plain code of a token; undefined if it has none or the device is locked. */
  shown(token: TokenRecord): ShownCode | undefined {
    return this.#open.shown(token, this.serverNow());
  }

  /**
   * Claims an invitation and confirms the token by its first code. On a device without a lock, `credential` becomes
   * the first.
   * @throws ProblemError, ConnectionLost, ClaimUnreadable
   */
  async enrol(
    code: string,
    label: string,
    credential: Credential,
    password?: string,
  ): Promise<Outcome<TokenRecord>> {
    const enrol = async (root: Root): Promise<TokenRecord> => {
      const claimed = await this.#enrolment.claim(code, label, password);
      const token = await sealClaim(claimed, await keysOf(root), { label, enrolledAtMs: this.#now() });
      await this.#storage.putToken(token);
      await this.#openCodes(root);
      return this.#confirm(token, root);
    };
    if (this.view.locks.length > 0) return this.#opened(credential, enrol);
    return { kind: 'done', value: await this.#setUp(credential, label, enrol) };
  }

  /**
   * Creates the first lock together with the token that it guards. If the action fails and leaves no token, the lock
   * is erased again.
   */
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

  /** Confirms a token whose first code never arrived at the server. */
  confirm(token: TokenRecord, credential: Credential): Promise<Outcome<TokenRecord>> {
    return this.#opened(credential, (root) => this.#confirm(token, root));
  }

  /** Computes the code of exactly this transaction, for a device without a network. */
  codeFor(
    token: TokenRecord,
    transaction: BoundTransaction | TypedTransaction,
    credential: Credential,
  ): Promise<Outcome<string>> {
    return this.#opened(credential, (root) => codeOf(token, root, transaction, this.serverNow()));
  }

  /**
   * Approves a transaction by its bound code.
   * @throws ProblemError (`transaction_decided`, `challenge_expired`, `locked`, …), ConnectionLost
   */
  approve(token: TokenRecord, pending: PendingTransaction, credential: Credential): Promise<Outcome<void>> {
    return this.#opened(credential, async (root) => {
      const code = await codeOf(token, root, pending.transaction, this.serverNow());
      await sendApproval(this.session(token), pending, code);
      this.#feeds.refresh();
    });
  }

  /** Refuses a transaction. Needs no PIN, so that nothing stands in the way. @throws as `approve` */
  async refuse(token: TokenRecord, pending: PendingTransaction): Promise<void> {
    await sendRefusal(this.session(token), pending);
    this.#feeds.refresh();
  }

  /** What sends and reads messages, loaded when it is first asked for: the token starts without it. */
  async messaging(): Promise<Messaging> {
    const { Messaging } = await import('../messages/messaging.ts');
    return new Messaging({
      storage: this.#storage,
      now: () => this.serverNow(),
      session: (token) => this.session(token),
    });
  }

  /** Makes keys for messages and enrols them by the token's bound code over both. @throws ProblemError, ConnectionLost */
  enrolMessages(token: TokenRecord, credential: Credential): Promise<Outcome<void>> {
    return this.#opened(credential, async (root) => {
      const messaging = await this.messaging();
      await messaging.enrol(token, (question) => answerOf(token, root, question, this.serverNow()));
    });
  }

  /** Cancels the recovery of a token's user. Needs no PIN, so that nothing stands in the way. @throws as `approve` */
  async cancelRecovery(tokenId: string): Promise<void> {
    await this.#open.session(tokenId)?.api('DELETE /v1/recovery');
    this.#feeds.refresh();
  }

  /** Returns the session of a token. @throws Error while the device is locked */
  session({ id }: TokenRecord): DeviceSession {
    const session = this.#open.session(id);
    if (!session) throw new Error('the device is locked');
    return session;
  }

  /** Returns a session for each user whose transactions this device can approve; none while it is locked. */
  approvingSessions(): readonly DeviceSession[] {
    return this.#feeds.views.flatMap(({ tokenId }) => this.#open.session(tokenId) ?? []);
  }

  async rename(token: TokenRecord, label: string): Promise<void> {
    await this.#storage.putToken({ ...token, label });
    await this.#reload();
  }

  /**
   * Removes a token from this device, and revokes it if the server can be reached.
   * @returns whether the server has revoked it
   */
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
    this.#feeds.follow(this.view.tokens);
    return revoked;
  }

  /** Replaces the PIN or adds a passkey. @param opener a current credential */
  addLock(opener: Credential, added: Credential): Promise<Outcome<void>> {
    return this.#opened(opener, (root) =>
      this.#locks.add(root, added, this.view.tokens[0]?.username ?? 'Sello'),
    );
  }

  async removePasskeys(): Promise<void> {
    await this.#locks.removePasskeys();
    await this.#reload();
  }

  /** Erases the device. The server keeps its side. */
  async erase(): Promise<void> {
    this.#close();
    await this.#storage.erase();
    await this.#reload({ phase: 'new' });
  }

  /** Forgets what is open after another page of this browser has erased the device. */
  async erasedElsewhere(): Promise<void> {
    this.#close();
    await this.#reload({ phase: 'new', feeds: [] });
  }

  retryNow(): void {
    this.#feeds.retryNow();
    void this.measureClock();
  }

  /** Follows streams only while the page is visible, to save the battery. */
  setVisible(visible: boolean): void {
    if (!visible) this.#feeds.pause();
    else if (this.view.phase === 'open') {
      this.#feeds.follow(this.view.tokens);
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
    this.#feeds.follow(this.view.tokens);
    void this.measureClock();
  }

  async #confirm(token: TokenRecord, root: Root): Promise<TokenRecord> {
    const { approvals } = token;
    const code = approvals
      ? firstCode(await unsealApprovalSeed(token, root), approvals.activationQuestion, this.serverNow())
      : (this.shown(token)?.code ?? '');
    await confirmToken(this.session(token).api, token.id, code);
    const active: TokenRecord = { ...token, status: 'active' };
    await this.#storage.putToken(active);
    await this.#reload();
    this.#feeds.follow(this.view.tokens);
    return active;
  }

  /** Marks a token whose session has ended. */
  async #end(id: string): Promise<void> {
    const token = this.view.tokens.find((one) => one.id === id);
    if (token) await this.#storage.putToken({ ...token, status: 'ended' });
    await this.#reload();
    this.#feeds.follow(this.view.tokens);
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
    const phase = part.phase ?? (closed === 'locked' && this.view.phase === 'open' ? 'open' : closed);
    const inOrder = tokens.toSorted((a, b) => a.enrolledAtMs - b.enrolledAtMs);
    const attempts = { left, waitUntilMs: waitMs > 0 ? this.#now() + waitMs : 0 };
    this.#state.change({ tokens: inOrder, locks, attempts, ...part, phase });
  }
}

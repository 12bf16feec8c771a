import { LIMITS } from '../../src/limits.ts';
import type { Child } from '../processes/child.ts';
import { approvalsOf } from './requests.ts';
import type { RestStage, RestUser } from './setup.ts';

/** The pending transactions of the REST measurements' users. */
export class Waiting {
  readonly #server: Child;
  readonly #stage: RestStage;
  #pending: RestUser['pending'][] = [];

  constructor(server: Child, stage: RestStage) {
    this.#server = server;
    this.#stage = stage;
  }

  /** Returns about `count` approvals, the same number for each user. */
  async approvals(count: number): Promise<string[]> {
    const filled = await this.#server.request<readonly RestUser['pending'][]>('refill');
    this.#pending = filled.map((more, index) => [...(this.#pending[index] ?? []), ...more]);
    const each = Math.ceil(count / this.#stage.users.length);
    const used = Math.min(each, LIMITS.pendingTransactionsPerUserMax);
    const approvals = approvalsOf(
      this.#stage,
      this.#pending.map((of) => of.slice(0, used)),
    );
    this.#pending = this.#pending.map((of) => of.slice(used));
    return approvals;
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { type Customer, HttpCustomer, TcpCustomer } from './customers.ts';
import type { DrillStage, Fault } from './fault.ts';

const TCP_CUSTOMERS = 6;
const HTTP_CUSTOMERS = 2;
const CALM_MS = 2_000;
/** How long customers are observed after a fault at least; and longer, until each has gone on. */
const AFTER_MS = 6_000;
/** By so many acknowledgements a customer has gone on. */
const GONE_ON = 3;
/** A busy machine takes longer to notice that a host is gone. */
const GOING_ON_MAX_MS = 120_000;
const LOOK_EVERY_MS = 50;

export interface FaultResult {
  readonly fault: string;
  readonly says: string;
  /** The longest time that any customer went without an acknowledgement. */
  readonly pauseMs: number;
  readonly acknowledged: number;
  /** Customers that had not gone on when their time was over. */
  readonly stuck: number;
  /** Attempts without an answer, or answered "later". */
  readonly retried: number;
  /** Acknowledged transactions that are not in the journal. */
  readonly lost: number;
  /** Transactions in the journal more than once, or acknowledged under two ids. */
  readonly doubled: number;
  readonly repaired: boolean;
}

export interface DrillOptions {
  /** Leaves the last fault unrepaired: for a test that has no time to wait. */
  readonly leaveLastBroken?: boolean;
}

/** Causes each fault while customers work, repairs it, and compares acknowledgements with the journal. */
export async function runDrill<Where extends DrillStage>(
  stage: Where,
  faults: readonly Fault<Where>[],
  say: (line: string) => void,
  { leaveLastBroken = false }: DrillOptions = {},
): Promise<readonly FaultResult[]> {
  const until = { over: false };
  try {
    const servers = stage.addresses;
    const customers: Customer[] = [
      ...Array.from({ length: TCP_CUSTOMERS }, (_, n) => new TcpCustomer(`tcp${n}`, servers, n)),
      ...Array.from({ length: HTTP_CUSTOMERS }, (_, n) => new HttpCustomer(`http${n}`, servers, n)),
    ];
    await stage.admit?.(customers.map(({ name }) => name));
    for (const customer of customers) await customer.arrive(stage.admit !== undefined);
    const working = customers.map((customer) => customer.work(until));
    const results: (Omit<FaultResult, 'lost' | 'doubled'> & { readonly payees: ReadonlySet<string> })[] = [];
    for (const [index, fault] of faults.entries()) {
      const repairs = !(leaveLastBroken && index === faults.length - 1);
      results.push(await inject(stage, fault, customers, { say, repairs }));
    }
    until.over = true;
    await Promise.all(working);
    return count(results, customers, await stage.approved());
  } finally {
    until.over = true;
  }
}

async function inject<Where>(
  stage: Where,
  fault: Fault<Where>,
  customers: readonly Customer[],
  { say, repairs }: { say: (line: string) => void; repairs: boolean },
) {
  for (const customer of customers) customer.goHome();
  await delay(CALM_MS);
  const before = new Set(customers.flatMap(({ acknowledged }) => [...acknowledged.keys()]));
  const retriesBefore = sum(customers, ({ retries }) => retries);
  for (const customer of customers) customer.takePause();
  say(`${fault.name}: ${fault.says} …`);
  const repair = await fault.inject(stage);
  let repaired = true;
  const repairing = (repairs ? repair() : Promise.resolve()).catch((error: Error) => {
    say(`  not whole again: ${error.message}`);
    repaired = false;
  });
  const counts = customers.map(({ acknowledged }) => acknowledged.size);
  await Promise.all([delay(AFTER_MS), repairing]);
  const deadline = performance.now() + GOING_ON_MAX_MS;
  const stuck = () =>
    customers.filter(({ acknowledged }, n) => acknowledged.size < (counts[n] ?? 0) + GONE_ON).length;
  while (stuck() > 0 && performance.now() < deadline) await delay(LOOK_EVERY_MS);
  const pauseMs = Math.max(...customers.map((customer) => customer.takePause()));
  const payees = new Set(
    customers.flatMap(({ acknowledged }) => [...acknowledged.keys()]).filter((payee) => !before.has(payee)),
  );
  say(`  the longest pause of a customer was ${(pauseMs / 1_000).toFixed(2)} s`);
  return {
    fault: fault.name,
    says: fault.says,
    pauseMs,
    acknowledged: payees.size,
    stuck: stuck(),
    retried: sum(customers, ({ retries }) => retries) - retriesBefore,
    repaired,
    payees,
  };
}

function count(
  results: readonly (Omit<FaultResult, 'lost' | 'doubled'> & { readonly payees: ReadonlySet<string> })[],
  customers: readonly Customer[],
  approved: ReadonlyMap<string, readonly string[]>,
): readonly FaultResult[] {
  const acknowledged = new Map(customers.flatMap((customer) => [...customer.acknowledged]));
  const doubtful = new Set(customers.flatMap(({ repeatedDifferently }) => repeatedDifferently));
  return results.map(({ payees, ...result }) => {
    const all = [...payees];
    return {
      ...result,
      lost: all.filter((payee) => !approved.get(payee)?.includes(acknowledged.get(payee) ?? '')).length,
      doubled: all.filter((payee) => (approved.get(payee)?.length ?? 0) > 1 || doubtful.has(payee)).length,
    };
  });
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

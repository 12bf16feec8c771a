import { randomInt } from 'node:crypto';
import { LIMITS } from '../../limits.ts';

/** Lane 0 is of no process: see lane-order.ts. */
const LANE_MIN = 1;
const LANE_MAX = 2 ** 48 - 1;

/** A lane of this process. Its units of work are numbered from 1 without a gap, in the order of their commits. */
export interface Lane {
  readonly number: number;
  /** Of `KnownHeads`: the database server that the lane's last unit of work was committed on. */
  readonly era: number;
  /** The number of the next unit of work. One that was rolled back leaves its number to the next. */
  nextSeq: number;
  usedAt: { readonly monotonic: number; readonly wall: number };
}

/**
 * The lanes of this process: one for each append under way at the same time, which is mostly one.
 *
 * A unit of work begins only when the one before it in its lane has ended and the outcome is known. So a reader that has seen
 * a lane's unit of work knows that those before it are committed. A lane is given up for a new one when an outcome is
 * unknown, when the database server may be another one (which may lack the last units of work), and after a long rest.
 *
 * Why: docs/DECISIONS.md#the-order-is-read-from-lanes
 */
export class Lanes {
  readonly #free = new Map<number, Lane[]>();

  /** @param partition of the sharded engine; a lane's entries are all in one */
  take(era: number, partition: number): Lane {
    const free = this.#free.get(partition) ?? [];
    for (let lane = free.pop(); lane; lane = free.pop()) if (lane.era === era && !isIdle(lane)) return lane;
    return { number: randomInt(LANE_MIN, LANE_MAX), era, nextSeq: 1, usedAt: now() };
  }

  /** Takes back a lane whose last unit of work has a known outcome. */
  giveBack(lane: Lane, partition: number): void {
    lane.usedAt = now();
    const free = this.#free.get(partition);
    if (free) free.push(lane);
    else this.#free.set(partition, [lane]);
  }
}

function now(): Lane['usedAt'] {
  return { monotonic: performance.now(), wall: Date.now() };
}

/** By the wall clock too: the other one stands still while a machine is suspended. */
function isIdle({ usedAt }: Lane): boolean {
  const { monotonic, wall } = now();
  return Math.max(monotonic - usedAt.monotonic, wall - usedAt.wall) > LIMITS.laneIdleMs;
}

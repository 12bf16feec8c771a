/** A caller's request for a place. */
export interface Claim {
  /** Who shares the places: each holder's part is limited (`Quota`). A network, a service, a caller's name. */
  readonly holder: string;
  /** The most places of this holder, whatever is free. Default: no bound of its own. */
  readonly holderMax?: number;
  /** Counted beside the holder, with a bound of its own: an account that is used from many addresses. */
  readonly account?: { readonly name: string; readonly max: number };
  /** Exempts the holder from its share: a proxy, which carries the connections of many clients. */
  readonly unshared?: boolean;
  /**
   * Gives the place up to a holder of fewer, or returns false while it is in use. Without it the place is kept until
   * it is released.
   */
  readonly evict?: () => boolean;
}

/** A place that is held. */
export interface Place {
  /** Marks that the caller has shown a valid credential: among a holder's places the others are evicted first. */
  prove(): void;
  /** Frees the place. Further calls do nothing. */
  release(): void;
}

/** Places of a holder that are asked to give way before a claim is refused. */
const EVICTIONS_TRIED_MAX = 32;

/** A holder may always take this many while places are free. */
const LEAST = 8;

/**
 * Places (connections, streams, waiting requests) that callers share. A holder may take a place:
 *
 * 1. while it holds fewer than `LEAST`, or than are free (a dynamic threshold: Choudhury and Hahne, "Dynamic queue
 *    length thresholds for shared-memory packet switches", 1998, with alpha 1). So one holder alone takes up to half,
 *    and free places remain for others;
 * 2. else from the holder of most places, if that one holds more than the claimant would then (longest queue drop): the
 *    oldest place that gives way, those whose caller has shown no credential first.
 *
 * So with evictable places a holder without one gets one, whatever fewer than `max` other holders do.
 *
 * Why: docs/DECISIONS.md#shared-places-go-to-those-who-hold-fewest
 */
export class Quota {
  /** Places that were taken from a holder for another. */
  evicted = 0;
  readonly #max: number;
  readonly #newestFirst: boolean;
  readonly #holders = new Map<string, Holder>();
  /** Holders by the number of their places, which is the index. */
  readonly #byCount: Set<Holder>[] = [];
  readonly #accounts = new Map<string, number>();
  #taken = 0;

  /** @param newestFirst whether a place is also taken from a holder of as many as the claimant would have */
  constructor(max: number, { newestFirst = false }: { readonly newestFirst?: boolean } = {}) {
    this.#max = max;
    this.#newestFirst = newestFirst;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Number of places of one holder. */
  heldBy(holder: string): number {
    return this.#holders.get(holder)?.count ?? 0;
  }

  /** @returns undefined when a bound is reached and no place can be taken from a holder of more */
  take(claim: Claim): Place | undefined {
    const { holderMax = Number.POSITIVE_INFINITY, account } = claim;
    if (account && (this.#accounts.get(account.name) ?? 0) >= account.max) return undefined;
    const held = this.heldBy(claim.holder);
    if (held >= holderMax) return undefined;
    const free = this.#max - this.#taken;
    const within = free > 0 && (claim.unshared || held < LEAST || held < free);
    return within || this.#evictFromLargest(held) ? this.#add(claim) : undefined;
  }

  /** Takes a place beyond every bound: for a caller who is there already and whose place counts again. */
  force(claim: Claim): Place {
    return this.#add(claim);
  }

  #add(claim: Claim): Place {
    let holder = this.#holders.get(claim.holder);
    if (!holder) {
      holder = new Holder(claim.holder);
      this.#holders.set(claim.holder, holder);
    }
    const held = new HeldPlace(claim, holder, (place) => this.#remove(place));
    this.#taken++;
    if (claim.account) {
      const { name } = claim.account;
      this.#accounts.set(name, (this.#accounts.get(name) ?? 0) + 1);
    }
    holder.unproven.add(held);
    this.#move(holder, holder.count - 1);
    return held;
  }

  #remove(place: HeldPlace): void {
    const { holder, claim } = place;
    if (!holder.unproven.delete(place) && !holder.proven.delete(place)) return;
    this.#taken--;
    if (claim.account) {
      const { name } = claim.account;
      const left = (this.#accounts.get(name) ?? 1) - 1;
      if (left === 0) this.#accounts.delete(name);
      else this.#accounts.set(name, left);
    }
    this.#move(holder, holder.count + 1);
    if (holder.count === 0) this.#holders.delete(holder.name);
  }

  /** Puts a holder under its present count. */
  #move(holder: Holder, before: number): void {
    this.#byCount[before]?.delete(holder);
    while (this.#byCount.length <= holder.count) this.#byCount.push(new Set());
    if (holder.count > 0) this.#byCount[holder.count]?.add(holder);
    while (this.#byCount.at(-1)?.size === 0) this.#byCount.pop();
  }

  /** Frees a place of the largest holder that has an evictable one. @param held places of the claimant */
  #evictFromLargest(held: number): boolean {
    let tries = EVICTIONS_TRIED_MAX;
    const least = this.#newestFirst ? held + 1 : held + 2;
    for (let count = this.#byCount.length - 1; count >= least && tries > 0; count--) {
      for (const holder of this.#byCount[count] ?? []) {
        for (const place of holder.oldest(tries)) {
          tries--;
          if (place.claim.evict?.()) {
            this.evicted++;
            place.release();
            return true;
          }
          // Asked last the next time, so that places in use do not hide idle ones.
          holder.requeue(place);
        }
      }
    }
    return false;
  }
}

class Holder {
  readonly name: string;
  /** Oldest first. */
  readonly unproven = new Set<HeldPlace>();
  readonly proven = new Set<HeldPlace>();

  constructor(name: string) {
    this.name = name;
  }

  get count(): number {
    return this.unproven.size + this.proven.size;
  }

  /** The places to evict first, at most `max`. */
  oldest(max: number): HeldPlace[] {
    const places = this.unproven.values().take(max).toArray();
    return places.concat(
      this.proven
        .values()
        .take(max - places.length)
        .toArray(),
    );
  }

  requeue(place: HeldPlace): void {
    const places = this.unproven.has(place) ? this.unproven : this.proven;
    places.delete(place);
    places.add(place);
  }
}

class HeldPlace implements Place {
  readonly claim: Claim;
  readonly holder: Holder;
  readonly #onRelease: (place: HeldPlace) => void;

  constructor(claim: Claim, holder: Holder, onRelease: (place: HeldPlace) => void) {
    this.claim = claim;
    this.holder = holder;
    this.#onRelease = onRelease;
  }

  prove(): void {
    if (this.holder.unproven.delete(this)) this.holder.proven.add(this);
  }

  release(): void {
    this.#onRelease(this);
  }
}

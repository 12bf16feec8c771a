/** A unit of work that is committed and has no place yet. */
export interface FreshUnit {
  readonly lane: number;
  readonly seq: number;
  readonly entries: number;
  /** The latest time of its entries, ms since 1970. */
  readonly at: number;
  /** Units of work of other lanes without a place that have the entries before its own (`unitKey`). */
  readonly after: readonly string[];
}

export function unitKey(lane: number, seq: number): string {
  return `${lane}/${seq}`;
}

/**
 * Orders units of work for the journal: each lane's by number and without a gap, and every user's entries by version. What
 * stands behind a gap, or on an entry that is not among these, waits. Otherwise the earlier time comes first.
 * @param units of each lane in order of `seq`
 * @param placed the number up to which each lane has places
 */
export function mergeLanes(
  units: readonly FreshUnit[],
  placed: ReadonlyMap<number, number>,
): readonly FreshUnit[] {
  const lanes = [...Map.groupBy(units, ({ lane }) => lane)].map(([lane, own]) => ({
    own,
    next: 0,
    seq: (placed.get(lane) ?? 0) + 1,
  }));
  const done = new Set<string>();
  const ordered: FreshUnit[] = [];
  for (;;) {
    let first: { lane: (typeof lanes)[number]; unit: FreshUnit } | undefined;
    for (const lane of lanes) {
      const unit = lane.own[lane.next];
      if (!unit || unit.seq !== lane.seq || !unit.after.every((key) => done.has(key))) continue;
      if (!first || unit.at < first.unit.at) first = { lane, unit };
    }
    if (!first) return ordered;
    const { lane, unit } = first;
    ordered.push(unit);
    done.add(unitKey(unit.lane, unit.seq));
    lane.next++;
    lane.seq++;
  }
}

import type { Op, Place, Plan } from '../rules/plan.ts';

/** A plan as the bytes that scan/assembly/scanner.ts reads; addresses are in its memory. */
export interface PlanImage {
  readonly bytes: Uint8Array;
  readonly states: number;
  readonly ops: number;
  readonly roots: number;
  readonly rootsMask: number;
  readonly containedRoots: number;
  /** The state in which a record begins. */
  readonly start: number;
  /** The state that drops all. */
  readonly nothing: number;
}

const STATE_BYTES = 16;
const ENTRY_BYTES = 32;
const OP_BYTES = 32;
const OBJECTS = { skip: 0, walk: 1, constant: 2, resource: 3 };
const FLAG_ALIGN = 1;
const FLAG_ROOT = 2;
const FLAG_CONTAINED = 4;
const RESOURCE_TYPE = 0xffffffff;
const OP_KINDS = { redact: 0, keep: 1, siv: 2, reference: 3, constant: 4, call: 5 };
const GOLDEN = 0x9e3779b97f4a7c15n;
const encoder = new TextEncoder();

/** Lays a plan out in memory from `base` on. */
export function planImage(plan: Plan, base: number): PlanImage {
  const places = numbered(plan);
  const image = new Image(base);
  // All bytes zero: the op is redact, the object is skipped.
  const nothing = places.size;
  const states = image.reserve((places.size + 1) * STATE_BYTES);
  const roots = new Set([...plan.roots.values(), ...plan.contained.values()]);
  const ops = new Map<string, number>();
  const opList: Op[] = [{ kind: 'redact' }, { kind: 'keep' }];
  opList.forEach((op, i) => {
    ops.set(keyOf(op), i);
  });
  for (const { op } of places.keys()) if (!ops.has(keyOf(op))) ops.set(keyOf(op), opList.push(op) - 1);
  const opsAt = image.reserve(opList.length * OP_BYTES);
  opList.forEach((op, i) => {
    writeOp(image, opsAt + i * OP_BYTES, op);
  });
  const tables = new Map<Map<string, Place>, { at: number; mask: number }>();
  const empty = image.table([]);
  for (const [place, number] of places) {
    const isRoot = roots.has(place) && place !== plan.otherwise;
    const members: [string, number][] = [...place.members].map(([name, member]) => [
      name,
      places.get(member) ?? 0,
    ]);
    if (isRoot) members.push(['resourceType', RESOURCE_TYPE]);
    const table = members.length === 0 ? empty : (tables.get(place.members) ?? image.table(members));
    const at = states + number * STATE_BYTES;
    image.u16(at, ops.get(keyOf(place.op)) ?? 0);
    image.u8(at + 2, OBJECTS[place.object]);
    image.u8(
      at + 3,
      (place.aligned ? FLAG_ALIGN : 0) |
        (isRoot && plan.needsId ? FLAG_ROOT : 0) |
        (place.contained ? FLAG_CONTAINED : 0),
    );
    image.u32(at + 4, places.get(plan.otherwise) ?? 0);
    image.u32(at + 8, table.at);
    image.u32(at + 12, table.mask);
  }
  const rootTable = (map: ReadonlyMap<string, Place>) =>
    image.table([...map].map(([name, place]) => [name, places.get(place) ?? 0]));
  const first = rootTable(plan.roots);
  const contained = rootTable(plan.contained);
  return {
    bytes: image.bytes(),
    states,
    ops: opsAt,
    roots: first.at,
    rootsMask: first.mask,
    containedRoots: contained.at,
    start: places.get(plan.start) ?? 0,
    nothing,
  };
}

/** The places of a plan, by number. The default is the first. */
function numbered(plan: Plan): ReadonlyMap<Place, number> {
  const places = new Map<Place, number>([[plan.otherwise, 0]]);
  const waiting = [plan.start, ...plan.roots.values(), ...plan.contained.values()];
  for (let place = waiting.pop(); place; place = waiting.pop()) {
    if (places.has(place)) continue;
    places.set(place, places.size);
    waiting.push(...place.members.values());
  }
  return places;
}

function keyOf(op: Op): string {
  return op.kind === 'reference' ? JSON.stringify({ ...op, types: [...op.types] }) : JSON.stringify(op);
}

function writeOp(image: Image, at: number, op: Op): void {
  image.u32(at, OP_KINDS[op.kind]);
  if (op.kind === 'siv') image.u32(at + 4, op.key);
  if (op.kind === 'call') image.u32(at + 4, op.call);
  if (op.kind === 'constant') {
    const text = encoder.encode(op.json);
    image.u32(at + 4, image.text(text));
    image.u32(at + 8, text.length);
  }
  if (op.kind !== 'reference') return;
  const list = image.reserve(op.types.size * 12);
  image.u32(at + 4, op.unknown);
  image.u32(at + 8, op.contained);
  image.u32(at + 12, list);
  image.u32(at + 16, op.types.size);
  [...op.types].forEach(([type, key], i) => {
    const text = encoder.encode(type);
    image.u32(list + i * 12, image.text(text));
    image.u32(list + i * 12 + 4, text.length);
    image.u32(list + i * 12 + 8, key);
  });
}

class Image {
  readonly #base: number;
  #view = new DataView(new ArrayBuffer(1 << 20));
  #length = 0;

  constructor(base: number) {
    this.#base = base;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.#length);
  }

  /** @returns the address of that many zero bytes */
  reserve(bytes: number): number {
    const at = this.#length;
    this.#length = (at + bytes + 15) & ~15;
    while (this.#view.byteLength < this.#length) {
      const larger = new Uint8Array(this.#view.byteLength * 2);
      larger.set(new Uint8Array(this.#view.buffer));
      this.#view = new DataView(larger.buffer);
    }
    return this.#base + at;
  }

  text(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length + 64);
    new Uint8Array(this.#view.buffer).set(bytes, at - this.#base);
    return at;
  }

  /** A hash table of names with open addressing, at most half full. */
  table(entries: readonly (readonly [string, number])[]): { at: number; mask: number } {
    let slots = 2;
    while (slots < entries.length * 2) slots *= 2;
    const mask = slots - 1;
    const at = this.reserve(slots * ENTRY_BYTES);
    for (const [name, child] of entries) {
      const bytes = encoder.encode(name);
      const { first, last, hash } = wordsOf(bytes);
      let slot = hash & mask;
      while (this.#view.getUint32(at - this.#base + slot * ENTRY_BYTES + 16, true) !== 0)
        slot = (slot + 1) & mask;
      const entry = at + slot * ENTRY_BYTES;
      this.#view.setBigUint64(entry - this.#base, first, true);
      this.#view.setBigUint64(entry - this.#base + 8, last, true);
      this.u32(entry + 16, bytes.length);
      this.u32(entry + 20, child);
      this.u32(entry + 24, this.text(bytes));
    }
    return { at, mask };
  }

  u8(at: number, value: number): void {
    this.#view.setUint8(at - this.#base, value);
  }

  u16(at: number, value: number): void {
    this.#view.setUint16(at - this.#base, value, true);
  }

  u32(at: number, value: number): void {
    this.#view.setUint32(at - this.#base, value, true);
  }
}

/** The words by which a name is hashed and compared, as `lookUp` of the scanner computes them. */
function wordsOf(bytes: Uint8Array): { first: bigint; last: bigint; hash: number } {
  const view = new DataView(new ArrayBuffer(8 + bytes.length));
  bytes.forEach((byte, i) => {
    view.setUint8(i, byte);
  });
  const first = view.getBigUint64(0, true);
  const last = bytes.length >= 8 ? view.getBigUint64(bytes.length - 8, true) : 0n;
  const mixed = BigInt.asUintN(
    64,
    first ^ BigInt.asUintN(64, last << 7n) ^ (last >> 23n) ^ BigInt(bytes.length),
  );
  const product = BigInt.asUintN(64, mixed * GOLDEN);
  return { first, last, hash: Number(BigInt.asUintN(32, product >> 40n)) };
}

import { readFileSync } from 'node:fs';
import { ALPHABET } from '../../domain/surrogates/surrogate-text.ts';
import { type CallContext, CallFailed } from '../rules/call.ts';
import type { Plan } from '../rules/plan.ts';
import { planImage } from './plan-image.ts';
import { RECORD_ERRORS, type RecordError } from './record-error.ts';
import { MATERIAL_BYTES, sivMaterial } from './siv-material.ts';

/** The exports of scan/assembly/scanner.ts. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  setup(...addresses: (number | boolean)[]): void;
  record(from: number, to: number, target: number, targetEnd: number, lines: boolean, root: number): number;
  recordEnd(): number;
  recordError(): number;
  recordErrorAt(): number;
  pendingItems(): number;
  clearItems(): void;
  lineEnd(from: number, to: number): number;
  gatherMac(key: number, round: number): number;
  scatterMac(key: number, round: number): void;
  gatherCounters(key: number): number;
  writeSurrogates(key: number): void;
}

/** What became of a record, by offsets of the input. */
export interface ScannedRecord {
  /** Where the next one may begin. */
  readonly end: number;
  /** Bytes of output. 0: no rule keeps any of it. */
  readonly written: number;
  readonly error: RecordError | undefined;
  readonly errorAt: number;
}

const PAGE_BYTES = 65_536;
const BASE = 65_536;
const ITEMS_MAX = 8_192;
const ITEM_BYTES = 32;
const ARENA_BYTES = 524_288;
const BLOCKS_BYTES = ARENA_BYTES;
const SCRATCH_BYTES = 8_448;
const TABLES_BYTES = 768;
/** The scanner reads and writes whole vectors. */
const PADDING_BYTES = 256;

const code = new WebAssembly.Module(readFileSync(new URL('scanner.wasm', import.meta.url)));
const decoder = new TextDecoder();

/**
 * Transforms records by a plan in WebAssembly. Its memory holds the plan, one window of input and one of output; keys
 * stay in Node's cryptography, which encrypts the blocks of many identifiers at a time.
 * docs/DECISIONS.md#records-are-read-in-webassembly
 */
export class Scanner {
  readonly #exports: Exports;
  readonly #materials;
  readonly #start: number;
  readonly #nothing: number;
  readonly #blocks: number;
  readonly #windows: number;
  #input = 0;
  #inputBytes = 0;
  #output = 0;
  #outputBytes = 0;
  #outputAt = 0;
  #view = new Uint8Array();

  constructor(plan: Plan, context: CallContext) {
    const calls = plan.calls.map((call) => call.bind(context));
    this.#materials = plan.domains.map((domain) => sivMaterial(context.dataKey, domain));
    const image = planImage(plan, BASE);
    const instance = new WebAssembly.Instance(code, {
      host: {
        flush: () => {
          this.flush();
          return undefined;
        },
        call: (op = 0, _kind = 0, text = 0, length = 0, id = 0, idLength = 0, out = 0, outMax = 0) => {
          const opAt = image.ops + op * 32;
          const compute = calls[new DataView(this.#view.buffer).getUint32(opAt + 4, true)];
          if (!compute) return -2;
          try {
            const read = (at: number, bytes: number) => decoder.decode(this.#view.subarray(at, at + bytes));
            const made = compute(read(text, length), read(id, idLength));
            if (made === undefined) return -1;
            const bytes = Buffer.from(made, 'utf8');
            if (bytes.length > outMax) return -2;
            this.#view.set(bytes, out);
            return bytes.length;
          } catch (error) {
            if (error instanceof CallFailed) return -2;
            throw error;
          }
        },
      },
    });
    this.#exports = instance.exports as unknown as Exports;
    let at = align(BASE + image.bytes.length);
    const take = (bytes: number): number => {
      const taken = at;
      at = align(at + bytes);
      return taken;
    };
    const keys = take(this.#materials.length * MATERIAL_BYTES);
    const items = take(ITEMS_MAX * ITEM_BYTES);
    const arena = take(ARENA_BYTES);
    this.#blocks = take(BLOCKS_BYTES);
    const scratch = take(SCRATCH_BYTES);
    const tables = take(TABLES_BYTES);
    const counters = take(this.#materials.length * 4 + 4);
    this.#windows = at;
    this.#grow(at);
    this.#view.set(image.bytes, BASE);
    this.#materials.forEach(({ bytes }, i) => {
      this.#view.set(bytes, keys + i * MATERIAL_BYTES);
    });
    this.#view.set(characterTables(), tables);
    this.#start = image.start;
    this.#nothing = image.nothing;
    this.#exports.setup(
      ...[
        image.states,
        image.ops,
        image.roots,
        image.containedRoots,
        image.rootsMask,
        keys,
        items,
        ITEMS_MAX,
      ],
      ...[arena, ARENA_BYTES, this.#blocks, scratch, tables, counters, this.#materials.length, plan.reverse],
    );
  }

  /** Makes windows of these sizes. The output must have been taken; the input stays. */
  resize(inputBytes: number, outputBytes: number): void {
    const kept = Buffer.from(this.#view.subarray(this.#input, this.#input + this.#inputBytes));
    this.#input = this.#windows;
    this.#inputBytes = inputBytes;
    this.#output = align(this.#input + inputBytes + PADDING_BYTES);
    this.#outputBytes = outputBytes;
    this.#outputAt = this.#output;
    this.#grow(this.#output + outputBytes + PADDING_BYTES);
    this.#view.set(kept.subarray(0, inputBytes), this.#input);
  }

  get outputBytesMax(): number {
    return this.#outputBytes;
  }

  /** The window of input, to be filled. What lies after `length` bytes of it is zeroed as far as the scanner reads. */
  input(length: number): Uint8Array {
    const end = this.#input + length;
    this.#view.fill(0, end, end + PADDING_BYTES);
    return this.#view.subarray(this.#input, this.#input + this.#inputBytes);
  }

  byteAt(at: number): number {
    return this.#view[this.#input + at] ?? 0;
  }

  /** Transforms the record that begins at `from` and ends before `to`. `lines`: it ends with its line. `opening` comes before its text. */
  record(from: number, to: number, lines: boolean, opening = ''): ScannedRecord {
    const mark = this.#outputAt;
    this.separate(opening);
    const made = this.#record(from, to, lines, this.#start);
    if (made.written === 0) this.#outputAt = mark;
    return made;
  }

  /** Reads a value and writes nothing, to find its end. */
  skip(from: number, to: number): ScannedRecord {
    return this.#record(from, to, false, this.#nothing);
  }

  #record(from: number, to: number, lines: boolean, state: number): ScannedRecord {
    const { record, recordEnd, recordError, recordErrorAt } = this.#exports;
    const end = this.#output + this.#outputBytes;
    const written = record(this.#input + from, this.#input + to, this.#outputAt, end, lines, state);
    if (written > 0) this.#outputAt += written;
    return {
      end: recordEnd() - this.#input,
      written: Math.max(written, 0),
      error: written < 0 ? (RECORD_ERRORS[recordError()] ?? 'syntax') : undefined,
      errorAt: written < 0 ? recordErrorAt() - this.#input : 0,
    };
  }

  /** Writes text between records. */
  separate(text: string): void {
    for (let i = 0; i < text.length; i++) this.#view[this.#outputAt++] = text.charCodeAt(i);
  }

  lineEnd(from: number, to: number): number {
    return this.#exports.lineEnd(this.#input + from, this.#input + to) - this.#input;
  }

  /** Completes the surrogates of all records so far. @returns the output, valid until the next record or resize */
  output(): Uint8Array {
    this.flush();
    const output = this.#view.subarray(this.#output, this.#outputAt);
    this.#outputAt = this.#output;
    return output;
  }

  flush(): void {
    const { pendingItems, clearItems, gatherMac, scatterMac, gatherCounters, writeSurrogates } =
      this.#exports;
    if (pendingItems() === 0) return;
    this.#materials.forEach(({ authenticate, encrypt }, key) => {
      for (let round = 0; ; round++) {
        const blocks = gatherMac(key, round);
        if (blocks === 0) {
          if (round === 0) return;
          break;
        }
        this.#encrypt(authenticate, blocks);
        scatterMac(key, round);
      }
      this.#encrypt(encrypt, gatherCounters(key));
      writeSurrogates(key);
    });
    clearItems();
  }

  #encrypt(encrypt: (blocks: Uint8Array) => Uint8Array, blocks: number): void {
    this.#view.set(encrypt(this.#view.subarray(this.#blocks, this.#blocks + blocks * 16)), this.#blocks);
  }

  #grow(bytes: number): void {
    const { memory } = this.#exports;
    const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) memory.grow(missing);
    this.#view = new Uint8Array(memory.buffer);
  }
}

function align(at: number): number {
  return (at + 63) & ~63;
}

/** The tables that the scanner looks bytes up in: hexadecimal digits, six-bit values, and their letters. */
function characterTables(): Uint8Array {
  const tables = new Uint8Array(TABLES_BYTES).fill(0x80, 0, 256).fill(0xff, 256, 512);
  for (let digit = 0; digit < 16; digit++) {
    const lower = digit.toString(16);
    tables[lower.toUpperCase().charCodeAt(0)] = digit | (digit > 9 ? 0x20 : 0);
    tables[lower.charCodeAt(0)] = digit | (digit > 9 ? 0x10 : 0);
  }
  Array.from(ALPHABET).forEach((letter, value) => {
    tables[256 + letter.charCodeAt(0)] = value;
    tables[512 + value] = letter.charCodeAt(0);
  });
  return tables;
}

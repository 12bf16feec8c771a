/*
 * The transformer of src/surrogates/scan/reference.ts in WebAssembly: bytes in, bytes out, no object a record. Written in
 * AssemblyScript; `node scripts/build-scanner.ts` compiles it to scanner.wasm. The host (src/surrogates/scan/scanner.ts)
 * lays out the memory and encrypts blocks; names of bounds and layouts are the same there.
 */

// @ts-ignore: decorator
@external('host', 'flush')
declare function flush(): void;
/** Computes a value in the host: the text at `text` is decoded; the result is JSON. Returns its length, −1: drop, −2: error. */
// @ts-ignore: decorator
@external('host', 'call')
declare function call(op: u32, kind: u32, text: usize, length: u32, id: usize, idLength: u32, out: usize, outMax: u32): i32;

// Errors of a record. The host names them (src/surrogates/scan/record-error.ts).
const SYNTAX: u32 = 1;
const TYPE_MISSING: u32 = 2;
const TYPE_UNKNOWN: u32 = 3;
const TYPE_REPEATED: u32 = 4;
const NESTING: u32 = 5;
const IDENTIFIER_INVALID: u32 = 6;
const IDENTIFIER_LONG: u32 = 7;
const OUTPUT_FULL: u32 = 8;
const TRUNCATED: u32 = 9;
const CALL_FAILED: u32 = 10;

const DEPTH_MAX: u32 = 200;
const IDENTIFIER_BYTES_MAX: u32 = 1024;
const VALUE_BYTES_MAX: u32 = 4096;
/** A part of the scratch memory. */
const SCRATCH_BYTES: u32 = VALUE_BYTES_MAX + 64;
const NONE: u32 = 0;
const SOME: u32 = 1;

// A state: op u16, object u8, flags u8, default child u32, table offset u32, table mask u32.
const STATE_BYTES: usize = 16;
const OBJECT_SKIP: u32 = 0;
const OBJECT_WALK: u32 = 1;
const OBJECT_OP: u32 = 2;
const OBJECT_RESOURCE: u32 = 3;
const FLAG_ALIGN: u32 = 1;
const FLAG_ROOT: u32 = 2;
const FLAG_CONTAINED: u32 = 4;
/** The child of the key `resourceType`. */
const STATE_RESOURCE_TYPE: u32 = 0xffffffff;
// An entry of a key table: first eight bytes u64, last eight u64, length u32, child u32, name u32, zero u32.
const ENTRY_BYTES: usize = 32;
// An op: kind u32, then its own fields.
const OP_BYTES: usize = 32;
const OP_REDACT: u32 = 0;
const OP_KEEP: u32 = 1;
/** siv: key u32 */
const OP_SIV: u32 = 2;
/** reference: key u32 of unknown types, key u32 of contained ones, list of types usize, its length u32 */
const OP_REFERENCE: u32 = 3;
/** constant: text usize, length u32 */
const OP_CONSTANT: u32 = 4;
/** call: needs the resource's id u32 */
const OP_CALL: u32 = 5;

const BLOCK: usize = 16;
const ITEM_BYTES: usize = 32;
const FORMS: u32 = 5;
/** Bytes of a key: the doubled and the plain value of associated data a form, the subkeys, the headers. */
const KEY_BYTES: usize = 256;

let states: usize = 0;
let ops: usize = 0;
let roots: usize = 0;
let containedRoots: usize = 0;
let rootsMask: u32 = 0;
let keys: usize = 0;
let items: usize = 0;
let itemsMax: u32 = 0;
let arena: usize = 0;
let arenaEnd: usize = 0;
let blocks: usize = 0;
let scratch: usize = 0;
let tables: usize = 0;
/** How many items each key has. */
let counters: usize = 0;
let keysCount: u32 = 0;

let itemCount: u32 = 0;
let arenaAt: usize = 0;

let position: usize = 0;
let end: usize = 0;
let out: usize = 0;
let outEnd: usize = 0;
let error: u32 = 0;
let errorAt: usize = 0;
let depth: u32 = 0;
let multiline: bool = false;
let reversing: bool = false;
let resourceId: usize = 0;
let resourceIdLength: u32 = 0;

/** `scratch` holds a decoded value and a decoded name. */
export function setup(
  statesAt: usize,
  opsAt: usize,
  rootsAt: usize,
  containedRootsAt: usize,
  rootsMaskValue: u32,
  keysAt: usize,
  itemsAt: usize,
  itemsMaxValue: u32,
  arenaStart: usize,
  arenaBytes: usize,
  blocksAt: usize,
  scratchAt: usize,
  tablesAt: usize,
  countersAt: usize,
  keysCountValue: u32,
  reverse: bool,
): void {
  states = statesAt;
  ops = opsAt;
  roots = rootsAt;
  containedRoots = containedRootsAt;
  rootsMask = rootsMaskValue;
  keys = keysAt;
  items = itemsAt;
  itemsMax = itemsMaxValue;
  arena = arenaStart;
  arenaEnd = arenaStart + arenaBytes;
  arenaAt = arena;
  blocks = blocksAt;
  scratch = scratchAt;
  tables = tablesAt;
  counters = countersAt;
  keysCount = keysCountValue;
  reversing = reverse;
}

// Tables of 256 bytes each, filled by the host: hexadecimal digits, values of FHIR's characters, base64's alphabet.
// @ts-ignore: decorator
@inline
function hexClass(byte: u32): u32 {
  return load<u8>(tables + byte);
}
// @ts-ignore: decorator
@inline
function idValue(byte: u32): u32 {
  return load<u8>(tables + 256 + byte);
}
// @ts-ignore: decorator
@inline
function letter(value: u32): u32 {
  return load<u8>(tables + 512 + value);
}

/**
 * Transforms one record that begins at `from` and must end before `to`; its text goes to `target`. Returns the number of
 * bytes written, which is 0 where nothing of the record was kept; −1 on an error.
 */
export function record(from: usize, to: usize, target: usize, targetEnd: usize, lines: bool, root: u32): i32 {
  position = from;
  end = to;
  out = target;
  outEnd = targetEnd;
  error = 0;
  depth = 0;
  multiline = !lines;
  resourceIdLength = 0;
  const itemsBefore = itemCount;
  const arenaBefore = arenaAt;
  flushed = false;
  skipSpace();
  const made = value(root);
  if (error == 0) {
    skipSpace();
    if (lines && position < end && load<u8>(position) != 0x0a) fail(SYNTAX);
  }
  if (error != 0) {
    if (flushed) clearItems();
    else {
      for (let i = itemsBefore; i < itemCount; i++) {
        const counter = counters + (<usize>load<u16>(items + <usize>i * ITEM_BYTES + 4) << 2);
        store<u32>(counter, load<u32>(counter) - 1);
      }
      itemCount = itemsBefore;
      arenaAt = arenaBefore;
    }
    return -1;
  }
  return made == SOME ? <i32>(out - target) : 0;
}

let flushed: bool = false;

export function recordEnd(): usize {
  return position;
}
export function recordError(): u32 {
  return error;
}
export function recordErrorAt(): usize {
  return errorAt;
}
export function pendingItems(): u32 {
  return itemCount;
}
export function clearItems(): void {
  itemCount = 0;
  arenaAt = arena;
  memory.fill(counters, 0, <usize>keysCount << 2);
}

/** The first newline from `from` on, or `to`. */
export function lineEnd(from: usize, to: usize): usize {
  const newlines = i8x16.splat(0x0a);
  let at = from;
  while (at + 16 <= to) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), newlines));
    if (mask != 0) return at + ctz(mask);
    at += 16;
  }
  while (at < to && load<u8>(at) != 0x0a) at++;
  return at;
}

function fail(code: u32): u32 {
  if (error == 0) {
    error = code;
    errorAt = position;
  }
  return NONE;
}

// @ts-ignore: decorator
@inline
function failSyntax(): u32 {
  return fail(position >= end ? TRUNCATED : SYNTAX);
}

// @ts-ignore: decorator
@inline
function skipSpace(): void {
  if (load<u8>(position) <= 0x20) skipSpaces();
}

function skipSpaces(): void {
  while (position < end) {
    const byte = load<u8>(position);
    if (byte == 0x20 || byte == 0x09 || byte == 0x0d || (byte == 0x0a && multiline)) position++;
    else return;
  }
}

// @ts-ignore: decorator
@inline
function hasRoom(bytes: usize): bool {
  if (out + bytes <= outEnd) return true;
  fail(OUTPUT_FULL);
  return false;
}

/** The string that begins after `position`: where it ends, and whether it has escapes. */
let stringStart: usize = 0;
let stringEnd: usize = 0;
let stringEscaped: bool = false;

/** Reads a string at its quotation mark. Leaves `position` after it. */
// @ts-ignore: decorator
@inline
function readString(): bool {
  let at = position + 1;
  stringStart = at;
  stringEscaped = false;
  const quotes = i8x16.splat(0x22);
  const solidi = i8x16.splat(0x5c);
  const controls = i8x16.splat(0x20);
  while (true) {
    const bytes = v128.load(at);
    const found = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, solidi)), i8x16.lt_u(bytes, controls)),
    );
    if (found == 0) {
      at += 16;
      continue;
    }
    at += ctz(found);
    if (at < end && load<u8>(at) == 0x22) {
      stringEnd = at;
      position = at + 1;
      return true;
    }
    at = readEscape(at);
    if (at == 0) return false;
  }
}

/** Checks the escape at `at`, or refuses a control character and the end. Returns what follows it, or 0. */
function readEscape(at: usize): usize {
  if (at >= end || load<u8>(at) != 0x5c) {
    position = at;
    failSyntax();
    return 0;
  }
  stringEscaped = true;
  const byte = load<u8>(at + 1);
  if (at + 1 < end) {
    if (byte == 0x75) {
      for (let i: usize = 2; i < 6; i++)
        if (at + i >= end || hexClass(load<u8>(at + i)) & 0x80) {
          position = at + i;
          failSyntax();
          return 0;
        }
      return at + 6;
    }
    // " \ / b f n r t
    if (byte == 0x22 || byte == 0x5c || byte == 0x2f || byte == 0x62 || byte == 0x66 || byte == 0x6e || byte == 0x72 || byte == 0x74)
      return at + 2;
  }
  position = at + 1;
  failSyntax();
  return 0;
}

function hex4(at: usize): u32 {
  return (
    ((hexClass(load<u8>(at)) & 15) << 12) |
    ((hexClass(load<u8>(at + 1)) & 15) << 8) |
    ((hexClass(load<u8>(at + 2)) & 15) << 4) |
    (hexClass(load<u8>(at + 3)) & 15)
  );
}

/** Decodes a string's escapes to `to`. Returns the length, −1 when it is no well-formed Unicode, −2 when it is too long. */
function decode(from: usize, until: usize, to: usize): i32 {
  let at = from;
  let target = to;
  const targetEnd = to + VALUE_BYTES_MAX;
  while (at < until) {
    if (target > targetEnd) return -2;
    const byte = load<u8>(at);
    if (byte != 0x5c) {
      store<u8>(target++, byte);
      at++;
      continue;
    }
    const escape = load<u8>(at + 1);
    at += 2;
    if (escape == 0x75) {
      let code = hex4(at);
      at += 4;
      if (code >= 0xd800 && code < 0xe000) {
        if (code >= 0xdc00 || at + 6 > until || load<u8>(at) != 0x5c || load<u8>(at + 1) != 0x75) return -1;
        const low = hex4(at + 2);
        if (low < 0xdc00 || low >= 0xe000) return -1;
        at += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      }
      if (code < 0x80) store<u8>(target++, code);
      else if (code < 0x800) {
        store<u8>(target++, 0xc0 | (code >>> 6));
        store<u8>(target++, 0x80 | (code & 63));
      } else if (code < 0x10000) {
        store<u8>(target++, 0xe0 | (code >>> 12));
        store<u8>(target++, 0x80 | ((code >>> 6) & 63));
        store<u8>(target++, 0x80 | (code & 63));
      } else {
        store<u8>(target++, 0xf0 | (code >>> 18));
        store<u8>(target++, 0x80 | ((code >>> 12) & 63));
        store<u8>(target++, 0x80 | ((code >>> 6) & 63));
        store<u8>(target++, 0x80 | (code & 63));
      }
    } else if (escape == 0x62) store<u8>(target++, 8);
    else if (escape == 0x66) store<u8>(target++, 12);
    else if (escape == 0x6e) store<u8>(target++, 10);
    else if (escape == 0x72) store<u8>(target++, 13);
    else if (escape == 0x74) store<u8>(target++, 9);
    else store<u8>(target++, escape);
  }
  return target > targetEnd ? -2 : <i32>(target - to);
}

/** Reads a number, `true`, `false` or `null` at `position`. Returns its kind: 0 none, 1 number, 2 boolean, 3 null. */
function readLiteral(): u32 {
  const first = load<u8>(position);
  if (first == 0x74 && position + 4 <= end && load<u32>(position) == 0x65757274) {
    position += 4;
    return 2;
  }
  if (first == 0x66 && position + 5 <= end && load<u32>(position + 1) == 0x65736c61) {
    position += 5;
    return 2;
  }
  if (first == 0x6e && position + 4 <= end && load<u32>(position) == 0x6c6c756e) {
    position += 4;
    return 3;
  }
  let at = position;
  if (load<u8>(at) == 0x2d) at++;
  if (load<u8>(at) == 0x30) at++;
  else {
    if (!isDigit(at)) return literalFailed(at);
    while (isDigit(at)) at++;
  }
  if (load<u8>(at) == 0x2e) {
    at++;
    if (!isDigit(at)) return literalFailed(at);
    while (isDigit(at)) at++;
  }
  if ((load<u8>(at) | 0x20) == 0x65) {
    at++;
    if (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d) at++;
    if (!isDigit(at)) return literalFailed(at);
    while (isDigit(at)) at++;
  }
  if (at > end) return literalFailed(end);
  position = at;
  return 1;
}

function literalFailed(at: usize): u32 {
  position = at > end ? end : at;
  failSyntax();
  return 0;
}

// @ts-ignore: decorator
@inline
function isDigit(at: usize): bool {
  return <u32>load<u8>(at) - 0x30 < 10;
}

/** Reads a value and drops it. */
function skipValue(): void {
  const byte = load<u8>(position);
  if (byte == 0x22) {
    readString();
    return;
  }
  if (byte != 0x7b && byte != 0x5b) {
    readLiteral();
    return;
  }
  if (++depth > DEPTH_MAX) {
    fail(NESTING);
    return;
  }
  const close: u32 = byte == 0x7b ? 0x7d : 0x5d;
  position++;
  skipSpace();
  if (load<u8>(position) == close && position < end) {
    position++;
    depth--;
    return;
  }
  while (true) {
    if (close == 0x7d) {
      if (load<u8>(position) != 0x22) {
        failSyntax();
        return;
      }
      if (!readString()) return;
      skipSpace();
      if (load<u8>(position) != 0x3a || position >= end) {
        failSyntax();
        return;
      }
      position++;
      skipSpace();
    }
    skipValue();
    if (error != 0) return;
    skipSpace();
    const next = load<u8>(position);
    if (position >= end) {
      failSyntax();
      return;
    }
    if (next == 0x2c) {
      position++;
      skipSpace();
      continue;
    }
    if (next != close) {
      failSyntax();
      return;
    }
    position++;
    depth--;
    return;
  }
}

// @ts-ignore: decorator
@inline
function opOf(state: u32): u32 {
  return load<u16>(states + <usize>state * STATE_BYTES);
}
// @ts-ignore: decorator
@inline
function objectOf(state: u32): u32 {
  return load<u8>(states + <usize>state * STATE_BYTES + 2);
}
// @ts-ignore: decorator
@inline
function flagsOf(state: u32): u32 {
  return load<u8>(states + <usize>state * STATE_BYTES + 3);
}

/** Looks a name up in a table of keys. Returns the entry, or 0. */
// @ts-ignore: decorator
@inline
function lookUp(table: usize, mask: u32, name: usize, length: u32): usize {
  let first: u64;
  let last: u64;
  if (length >= 8) {
    first = load<u64>(name);
    last = load<u64>(name + length - 8);
  } else {
    first = load<u64>(name) & ((<u64>1 << (length << 3)) - 1);
    last = 0;
  }
  const hash = (first ^ (last << 7) ^ (last >>> 23) ^ length) * 0x9e3779b97f4a7c15;
  let slot = <u32>(hash >>> 40) & mask;
  while (true) {
    const entry = table + <usize>slot * ENTRY_BYTES;
    const entryLength = load<u32>(entry + 16);
    if (entryLength == 0) return 0;
    if (entryLength == length && load<u64>(entry) == first && load<u64>(entry + 8) == last)
      if (length <= 16 || sameBytes(name, load<u32>(entry + 24), length)) return entry;
    slot = (slot + 1) & mask;
  }
}

function sameBytes(a: usize, b: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

function value(state: u32): u32 {
  const byte = load<u8>(position);
  if (byte == 0x22) return stringValue(state);
  if (byte == 0x7b) {
    const kind = objectOf(state);
    if (kind == OBJECT_WALK) return object(state);
    if (kind == OBJECT_RESOURCE) return resource(state);
    skipValue();
    if (error != 0 || kind == OBJECT_SKIP) return NONE;
    return constant(opOf(state));
  }
  if (byte == 0x5b) return array(state);
  const op = opOf(state);
  const start = position;
  const kind = readLiteral();
  if (kind == 0 || kind == 3 || op == OP_REDACT) return NONE;
  return scalar(op, start, position, kind, false);
}

// @ts-ignore: decorator
@inline
function stringValue(state: u32): u32 {
  const op = opOf(state);
  if (!readString()) return NONE;
  if (op == OP_REDACT) return NONE;
  if (op == OP_KEEP) {
    copy(stringStart - 1, stringEnd - stringStart + 2);
    return error == 0 ? SOME : NONE;
  }
  return scalar(op, stringStart, stringEnd, 0, stringEscaped);
}

// @ts-ignore: decorator
@inline
function copy(from: usize, length: usize): void {
  if (!hasRoom(length + 64)) return;
  if (length <= 64) {
    v128.store(out, v128.load(from));
    if (length > 16) {
      v128.store(out + 16, v128.load(from + 16));
      if (length > 32) {
        v128.store(out + 32, v128.load(from + 32));
        v128.store(out + 48, v128.load(from + 48));
      }
    }
  } else memory.copy(out, from, length);
  out += length;
}

function constant(op: u32): u32 {
  const at = ops + <usize>op * OP_BYTES;
  copy(load<u32>(at + 4), load<u32>(at + 8));
  return error == 0 ? SOME : NONE;
}

function scalar(op: u32, start: usize, until: usize, kind: u32, escaped: bool): u32 {
  if (op == OP_KEEP) {
    copy(start, until - start);
    return error == 0 ? SOME : NONE;
  }
  const at = ops + <usize>op * OP_BYTES;
  const opKind = load<u32>(at);
  if (opKind == OP_CONSTANT) return constant(op);
  let text = start;
  let length = <u32>(until - start);
  if (escaped) {
    const decoded = decode(start, until, scratch);
    if (decoded < 0) return fail(decoded == -1 ? IDENTIFIER_INVALID : IDENTIFIER_LONG);
    text = scratch;
    length = decoded;
  }
  if (length == 0) return NONE;
  if (length > VALUE_BYTES_MAX) return fail(IDENTIFIER_LONG);
  if (opKind == OP_CALL) return callHost(op, kind, text, length);
  if (length > IDENTIFIER_BYTES_MAX) return fail(IDENTIFIER_LONG);
  if (!hasRoom(<usize>length * 4 + 256)) return NONE;
  store<u8>(out++, 0x22);
  if (opKind == OP_SIV) surrogate(load<u32>(at + 4), text, length);
  else reference(at, text, length);
  store<u8>(out++, 0x22);
  return SOME;
}

function callHost(op: u32, kind: u32, text: usize, length: u32): u32 {
  if (!hasRoom(<usize>length * 8 + 1024)) return NONE;
  const made = call(op, kind, text, length, resourceId, resourceIdLength, out, <u32>(outEnd - out));
  if (made == -1) return NONE;
  if (made < 0) return fail(CALL_FAILED);
  out += made;
  return SOME;
}

/** A reference (FHIR R4 2.3.0.1): what names no one is kept around the surrogate of the id. */
function reference(op: usize, text: usize, length: u32): void {
  const unknown = load<u32>(op + 4);
  const contained = load<u32>(op + 8);
  const until = text + length;
  // Type/UUID, as most references are
  if (length > 37 && load<u8>(until - 37) == 0x2f && lookUp(roots, rootsMask, text, length - 37) != 0) {
    const form = packUuid(until - 36, batchRoom());
    if (form < 2) {
      plain(text, length - 36);
      const types = load<u32>(op + 16);
      keep(types == 0 ? unknown : keyOfType(op, text, length - 37, unknown), form, 16);
      return;
    }
  }
  if (load<u8>(text) == 0x23) {
    store<u8>(out++, 0x23);
    if (length > 1) surrogate(contained, text + 1, length - 1);
    return;
  }
  if (startsUrn(text, length)) {
    const prefix: u32 = load<u8>(text + 4) == 0x75 ? 9 : 8;
    plain(text, prefix);
    surrogate(unknown, text + prefix, length - prefix);
    return;
  }
  let fragment = text;
  let question: usize = 0;
  while (fragment < until) {
    const byte = load<u8>(fragment);
    if (byte == 0x23) break;
    if (byte == 0x3f && question == 0) question = fragment;
    fragment++;
  }
  let id = question != 0 ? question : fragment;
  let suffix = id;
  if (question == 0) {
    // the version: `/_history/` and digits
    let at = id;
    while (at > text && isDigit(at - 1)) at--;
    if (at < id && id - at <= 10 && at - text >= 10 && isHistory(at - 10)) suffix = at - 10;
    id = suffix;
    while (id > text && idValue(load<u8>(id - 1)) != 0xff) id--;
    if (id == suffix || suffix - id > 64 || id == text || load<u8>(id - 1) != 0x2f) {
      surrogate(unknown, text, length);
      return;
    }
  } else if (question + 1 == until) {
    surrogate(unknown, text, length);
    return;
  } else id = question + 1;
  // the type before it, and before that the base of a URL, or nothing
  const typeEnd = id - 1;
  let type = typeEnd;
  while (type > text && isLetter(type - 1)) type--;
  const typeLength = <u32>(typeEnd - type);
  const known = typeLength > 0 && lookUp(roots, rootsMask, type, typeLength) != 0;
  if (!known || !(type == text || isBase(text, type))) {
    surrogate(unknown, text, length);
    return;
  }
  plain(text, <u32>(id - text));
  const key = keyOfType(op, type, typeLength, unknown);
  if (question != 0) {
    surrogate(key, id, <u32>(until - id));
    return;
  }
  surrogate(key, id, <u32>(suffix - id));
  plain(suffix, <u32>(fragment - suffix));
  if (fragment < until) {
    store<u8>(out++, 0x23);
    if (fragment + 1 < until) surrogate(contained, fragment + 1, <u32>(until - fragment - 1));
  }
}

/** Copies text of the safe characters of references. */
function plain(from: usize, length: u32): void {
  memory.copy(out, from, length);
  out += length;
}

function startsUrn(text: usize, length: u32): bool {
  if (length <= 8 || load<u32>(text) != 0x3a6e7275) return false;
  if (load<u32>(text + 4) == 0x3a64696f) return true;
  return length > 9 && load<u32>(text + 4) == 0x64697575 && load<u8>(text + 8) == 0x3a;
}

/** `/_history/` */
function isHistory(at: usize): bool {
  return load<u64>(at) == 0x726f747369685f2f && load<u16>(at + 8) == 0x2f79;
}

// @ts-ignore: decorator
@inline
function isLetter(at: usize): bool {
  return (<u32>load<u8>(at) | 0x20) - 0x61 < 26;
}

/** Whether `http://…/` or `https://…/` ends at `until`, with nothing between but letters, digits and `- . / : _ ~ $ %`. */
function isBase(text: usize, until: usize): bool {
  const length = until - text;
  if (length < 9 || load<u32>(text) != 0x70747468 || load<u8>(until - 1) != 0x2f) return false;
  let at = text + 4;
  if (load<u8>(at) == 0x73) at++;
  if (load<u16>(at) != 0x2f3a || load<u8>(at + 2) != 0x2f) return false;
  at += 3;
  if (at + 1 >= until) return false;
  for (; at < until; at++) {
    const byte = load<u8>(at);
    if (idValue(byte) == 0xff && byte != 0x2f && byte != 0x3a && byte != 0x5f && byte != 0x7e && byte != 0x24 && byte != 0x25)
      return false;
  }
  return true;
}

function keyOfType(op: usize, type: usize, length: u32, unknown: u32): u32 {
  let at: usize = load<u32>(op + 12);
  const count = load<u32>(op + 16);
  for (let i: u32 = 0; i < count; i++, at += 12)
    if (load<u32>(at + 4) == length && sameBytes(load<u32>(at), type, length)) return load<u32>(at + 8);
  return unknown;
}

/** Where the next identifier is packed. */
function batchRoom(): usize {
  if (itemCount == itemsMax || arenaAt + 4 * IDENTIFIER_BYTES_MAX > arenaEnd) {
    flushed = true;
    flush();
    clearItems();
  }
  return arenaAt;
}

/** Leaves room for a surrogate and keeps its identifier, packed, for the next batch of AES. */
function surrogate(key: u32, text: usize, length: u32): void {
  const packed = batchRoom();
  if (length == 36) {
    const uuid = packUuid(text, packed);
    if (uuid < 2) {
      keep(key, uuid, 16);
      return;
    }
  }
  let all: u32 = 2;
  let at = text;
  const until = text + length;
  while (at < until && idValue(load<u8>(at)) != 0xff) at++;
  if (at < until) {
    all = 3;
    while (at < until && <u32>load<u8>(at) - 0x20 < 95) at++;
    if (at < until) all = 4;
  }
  if (all == 2) keep(key, all, packId(text, length, packed));
  else if (all == 3) keep(key, all, packAscii(text, length, packed));
  else {
    memory.copy(packed, text, length);
    keep(key, all, length);
  }
}

/** Keeps an identifier of a form that is packed at `arenaAt`. */
function keep(key: u32, form: u32, bytes: u32): void {
  const packed = arenaAt;
  // What CMAC covers last in S2V (RFC 5297 section 2.4), padded and masked by CMAC's subkey (RFC 4493).
  const count = (bytes + 15) >>> 4;
  const message = packed + (<usize>count << 4);
  const material = keys + <usize>key * KEY_BYTES;
  const whole = material + 160;
  if (bytes == 16)
    v128.store(
      message,
      v128.xor(v128.load(packed), v128.xor(v128.load(material + <usize>form * 32), v128.load(whole))),
    );
  else if (bytes < 16) {
    memory.fill(packed + bytes, 0, 16 - bytes);
    let padded = v128.load(packed);
    v128.store(message, padded);
    store<u8>(message + bytes, 0x80);
    padded = v128.load(message);
    v128.store(
      message,
      v128.xor(padded, v128.xor(v128.load(material + <usize>form * 32 + 16), v128.load(whole))),
    );
  } else {
    const padding = (count << 4) - bytes;
    memory.fill(packed + bytes, 0, padding);
    memory.copy(message, packed, <usize>count << 4);
    const tail = message + bytes - 16;
    v128.store(tail, v128.xor(v128.load(tail), v128.load(material + <usize>form * 32)));
    const last = message + (<usize>(count - 1) << 4);
    if (padding > 0) store<u8>(message + bytes, 0x80);
    v128.store(last, v128.xor(v128.load(last), v128.load(padding > 0 ? whole + 16 : whole)));
  }
  // Sealed, it is a block longer, and its last letter reads beyond that.
  arenaAt = message + (<usize>count << 4) + BLOCK;

  const item = items + <usize>itemCount * ITEM_BYTES;
  itemCount++;
  store<u32>(item, <u32>out);
  store<u16>(item + 4, <u16>key);
  store<u16>(item + 6, <u16>form);
  store<u32>(item + 8, <u32>packed);
  store<u32>(item + 12, bytes);
  out += 2 + ((16 + bytes) * 4 + 2) / 3;
  const counter = counters + (<usize>key << 2);
  store<u32>(counter, load<u32>(counter) + 1);
}

/** Returns 0 for a UUID in lower case, 1 in upper case, 2 for another text. */
function packUuid(text: usize, to: usize): u32 {
  if (load<u8>(text + 8) != 0x2d || load<u8>(text + 13) != 0x2d || load<u8>(text + 18) != 0x2d || load<u8>(text + 23) != 0x2d)
    return 2;
  // The 32 digits without the hyphens
  const first = v128.shuffle<u8>(
    v128.load(text), v128.load(text + 2),
    0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 30, 31,
  );
  const second = v128.shuffle<u8>(
    v128.load(text + 19), v128.load(text + 20),
    0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 31,
  );
  const digits1 = i8x16.lt_u(i8x16.sub(first, i8x16.splat(0x30)), i8x16.splat(10));
  const digits2 = i8x16.lt_u(i8x16.sub(second, i8x16.splat(0x30)), i8x16.splat(10));
  const lower1 = v128.or(first, i8x16.splat(0x20));
  const lower2 = v128.or(second, i8x16.splat(0x20));
  const letters1 = i8x16.lt_u(i8x16.sub(lower1, i8x16.splat(0x61)), i8x16.splat(6));
  const letters2 = i8x16.lt_u(i8x16.sub(lower2, i8x16.splat(0x61)), i8x16.splat(6));
  if (!i8x16.all_true(v128.and(v128.or(digits1, letters1), v128.or(digits2, letters2)))) return 2;
  // A letter's bit 0x20 is set in lower case.
  const changed1 = v128.and(v128.xor(first, lower1), letters1);
  const changed2 = v128.and(v128.xor(second, lower2), letters2);
  const hasUpper = v128.any_true(v128.or(changed1, changed2));
  if (hasUpper) {
    const same1 = v128.andnot(letters1, i8x16.ne(changed1, i8x16.splat(0)));
    const same2 = v128.andnot(letters2, i8x16.ne(changed2, i8x16.splat(0)));
    if (v128.any_true(v128.or(same1, same2))) return 2;
  }
  // A letter is its code less 0x57, a digit less 0x30.
  const values1 = i8x16.sub(lower1, v128.bitselect(i8x16.splat(0x57), i8x16.splat(0x30), letters1));
  const values2 = i8x16.sub(lower2, v128.bitselect(i8x16.splat(0x57), i8x16.splat(0x30), letters2));
  const low = i16x8.splat(0xff);
  const bytes1 = v128.and(v128.or(i16x8.shl(values1, 4), i16x8.shr_u(values1, 8)), low);
  const bytes2 = v128.and(v128.or(i16x8.shl(values2, 4), i16x8.shr_u(values2, 8)), low);
  v128.store(to, i8x16.narrow_i16x8_u(bytes1, bytes2));
  return hasUpper ? 1 : 0;
}

function packId(text: usize, length: u32, to: usize): u32 {
  let held: u64 = 0;
  let bits: u32 = 0;
  let target = to;
  for (let at = text, until = text + length; at < until; at++) {
    held = (held << 6) | idValue(load<u8>(at));
    bits += 6;
    if (bits >= 48) {
      // 48 bits are six whole bytes
      store<u64>(target, bswap<u64>(held << 16));
      target += 6;
      held = 0;
      bits = 0;
    }
  }
  held = (held << 1) | 1;
  bits += 1;
  const rest = (bits + 7) >>> 3;
  store<u64>(target, bswap<u64>(held << (64 - bits)));
  return <u32>(target - to) + rest;
}

const ASCII_GROUP_VALUES: u64 = 735091890625;

function packAscii(text: usize, length: u32, to: usize): u32 {
  let at = text;
  const until = text + length;
  let target = to;
  while (until - at >= 5) {
    const group = until - at >= 6 ? 6 : 5;
    let number: u64 = 0;
    for (let i = 0; i < group; i++) number = number * 95 + (<u64>load<u8>(at + i) - 0x20);
    if (group == 5) number += ASCII_GROUP_VALUES;
    store<u64>(target, bswap<u64>(number << 24));
    target += 5;
    at += group;
  }
  while (at < until) store<u8>(target++, load<u8>(at++));
  return <u32>(target - to);
}

function object(state: u32): u32 {
  if (++depth > DEPTH_MAX) return fail(NESTING);
  const record = states + <usize>state * STATE_BYTES;
  const table: usize = load<u32>(record + 8);
  const mask = load<u32>(record + 12);
  const fallback = load<u32>(record + 4);
  const start = out;
  if (!hasRoom(64)) return NONE;
  store<u8>(out++, 0x7b);
  position++;
  skipSpace();
  let some = false;
  let typed = false;
  let comma = false;
  if (load<u8>(position) == 0x7d && position < end) {
    position++;
    depth--;
    out = start;
    return NONE;
  }
  while (true) {
    if (load<u8>(position) != 0x22) return failSyntax();
    if (!readString()) return NONE;
    const name = stringStart;
    const length = <u32>(stringEnd - stringStart);
    let child = fallback;
    let entry: usize = 0;
    if (!stringEscaped) entry = lookUp(table, mask, name, length);
    else {
      const decoded = decode(name, name + length, scratch + SCRATCH_BYTES);
      if (decoded >= 0) {
        store<u64>(scratch + SCRATCH_BYTES + decoded, 0);
        entry = lookUp(table, mask, scratch + SCRATCH_BYTES, decoded);
      }
    }
    if (entry != 0) child = load<u32>(entry + 20);
    skipSpace();
    if (load<u8>(position) != 0x3a || position >= end) return failSyntax();
    position++;
    skipSpace();
    const before = out;
    if (!hasRoom(<usize>length + 80)) return NONE;
    if (comma) store<u8>(out++, 0x2c);
    copy(name - 1, length + 2);
    store<u8>(out++, 0x3a);
    if (child == STATE_RESOURCE_TYPE) {
      if (typed) return fail(TYPE_REPEATED);
      typed = true;
      const from = position;
      if (load<u8>(from) != 0x22) return fail(TYPE_MISSING);
      if (!readString()) return NONE;
      copy(from, position - from);
      comma = true;
    } else {
      const made = value(child);
      if (error != 0) return NONE;
      if (made == SOME) {
        some = true;
        comma = true;
      } else out = before;
    }
    if (error != 0) return NONE;
    skipSpace();
    const next = load<u8>(position);
    if (position >= end) return failSyntax();
    if (next == 0x2c) {
      position++;
      skipSpace();
      continue;
    }
    if (next != 0x7d) return failSyntax();
    position++;
    break;
  }
  depth--;
  if (!some) {
    out = start;
    return NONE;
  }
  if (!hasRoom(64)) return NONE;
  store<u8>(out++, 0x7d);
  return SOME;
}

function array(state: u32): u32 {
  if (++depth > DEPTH_MAX) return fail(NESTING);
  const align = (flagsOf(state) & FLAG_ALIGN) != 0;
  const keepsNull = align || opOf(state) != OP_REDACT;
  const start = out;
  if (!hasRoom(64)) return NONE;
  store<u8>(out++, 0x5b);
  position++;
  skipSpace();
  let some = false;
  let comma = false;
  if (load<u8>(position) == 0x5d && position < end) {
    position++;
    depth--;
    out = start;
    return NONE;
  }
  while (true) {
    const before = out;
    if (!hasRoom(64)) return NONE;
    if (comma) store<u8>(out++, 0x2c);
    const isNull = load<u8>(position) == 0x6e;
    const made = value(state);
    if (error != 0) return NONE;
    if (made == SOME) {
      some = true;
      comma = true;
    } else if (align || (isNull && keepsNull)) {
      if (!hasRoom(64)) return NONE;
      store<u32>(out, 0x6c6c756e);
      out += 4;
      comma = true;
    } else out = before;
    skipSpace();
    const next = load<u8>(position);
    if (position >= end) return failSyntax();
    if (next == 0x2c) {
      position++;
      skipSpace();
      continue;
    }
    if (next != 0x5d) return failSyntax();
    position++;
    break;
  }
  depth--;
  if (!some) {
    out = start;
    return NONE;
  }
  if (!hasRoom(64)) return NONE;
  store<u8>(out++, 0x5d);
  return SOME;
}

/** A resource: its type, wherever it stands in it, decides what happens to its elements. */
function resource(state: u32): u32 {
  const start = position;
  let type: usize = 0;
  let length: u32 = 0;
  // {"resourceType":"
  if (load<u8>(position + 1) == 0x22 && load<u64>(position + 1) == 0x6372756f73657222 && load<u64>(position + 9) == 0x223a226570795465) {
    position += 16;
    if (!readString()) return NONE;
    type = stringStart;
    length = <u32>(stringEnd - stringStart);
  } else if (findMember(true)) {
    type = stringStart;
    length = <u32>(stringEnd - stringStart);
  }
  if (error != 0) return NONE;
  position = start;
  if (type == 0) {
    const fallback = load<u32>(states + <usize>state * STATE_BYTES + 4);
    return reversing ? object(fallback) : fail(TYPE_MISSING);
  }
  const table = flagsOf(state) & FLAG_CONTAINED ? containedRoots : roots;
  const entry = lookUp(table, rootsMask, type, length);
  if (entry == 0) {
    if (!reversing) return fail(TYPE_UNKNOWN);
    return object(load<u32>(states + <usize>state * STATE_BYTES + 4));
  }
  const root = load<u32>(entry + 20);
  if (objectOf(root) != OBJECT_WALK) {
    skipValue();
    return NONE;
  }
  const id = resourceId;
  const idLength = resourceIdLength;
  if (flagsOf(root) & FLAG_ROOT) {
    resourceIdLength = 0;
    if (findMember(false)) {
      resourceId = stringStart;
      resourceIdLength = <u32>(stringEnd - stringStart);
    }
    if (error != 0) return NONE;
    position = start;
  }
  const made = object(root);
  resourceId = id;
  resourceIdLength = idLength;
  return made;
}

/** Finds the string of a resource's member `resourceType` or `id`, the first of them. Does not restore `position`. */
function findMember(isType: bool): bool {
  position++;
  skipSpace();
  if (load<u8>(position) == 0x7d && position < end) return false;
  while (true) {
    if (load<u8>(position) != 0x22) {
      failSyntax();
      return false;
    }
    if (!readString()) return false;
    let name = stringStart;
    let length = <u32>(stringEnd - stringStart);
    if (stringEscaped) {
      const decoded = decode(name, stringEnd, scratch + SCRATCH_BYTES);
      name = scratch + SCRATCH_BYTES;
      length = decoded < 0 ? 0 : decoded;
    }
    const found = isType
      ? length == 12 && load<u64>(name) == 0x656372756f736572 && load<u32>(name + 8) == 0x65707954
      : length == 2 && load<u16>(name) == 0x6469;
    skipSpace();
    if (load<u8>(position) != 0x3a || position >= end) {
      failSyntax();
      return false;
    }
    position++;
    skipSpace();
    if (found) {
      if (load<u8>(position) == 0x22) return readString();
      if (isType) return false;
    }
    skipValue();
    if (error != 0) return false;
    skipSpace();
    const next = load<u8>(position);
    if (position >= end) {
      failSyntax();
      return false;
    }
    if (next == 0x7d) return false;
    if (next != 0x2c) {
      failSyntax();
      return false;
    }
    position++;
    skipSpace();
  }
}

// The batch of AES: the host encrypts `blocks` in between.

/** Gathers block `round` of CMAC of the items of a key. Returns how many. */
export function gatherMac(key: u32, round: u32): u32 {
  if (load<u32>(counters + (<usize>key << 2)) == 0) return 0;
  let count: usize = 0;
  for (let i: u32 = 0; i < itemCount; i++) {
    const item = items + <usize>i * ITEM_BYTES;
    if (load<u16>(item + 4) != <u16>key) continue;
    const size = (load<u32>(item + 12) + 15) >>> 4;
    if (size <= round) continue;
    const message = <usize>load<u32>(item + 8) + (<usize>(size + round) << 4);
    const block = v128.load(message);
    v128.store(blocks + (count++ << 4), round == 0 ? block : v128.xor(block, v128.load(item + 16)));
  }
  return <u32>count;
}

/** Takes the encrypted blocks of `gatherMac` as the items' MACs. */
export function scatterMac(key: u32, round: u32): void {
  let at = blocks;
  for (let i: u32 = 0; i < itemCount; i++) {
    const item = items + <usize>i * ITEM_BYTES;
    if (load<u16>(item + 4) != <u16>key) continue;
    if ((load<u32>(item + 12) + 15) >>> 4 <= round) continue;
    v128.store(item + 16, v128.load(at));
    at += BLOCK;
  }
}

/** Gathers the counter blocks of the items of a key (RFC 5297 section 2.5). Returns how many. */
export function gatherCounters(key: u32): u32 {
  let at = blocks;
  for (let i: u32 = 0; i < itemCount; i++) {
    const item = items + <usize>i * ITEM_BYTES;
    if (load<u16>(item + 4) != <u16>key) continue;
    const size = (load<u32>(item + 12) + 15) >>> 4;
    const counter = v128.and(v128.load(item + 16), i64x2(-1, 0xffffff7fffffff7f));
    const low = bswap<u32>(i32x4.extract_lane(counter, 3));
    for (let block: u32 = 0; block < size; block++) {
      v128.store(at, i32x4.replace_lane(counter, 3, bswap<u32>(low + block)));
      at += BLOCK;
    }
  }
  return <u32>((at - blocks) >>> 4);
}

/** Encrypts the items of a key by the key stream in `blocks`, and writes their surrogates. */
export function writeSurrogates(key: u32): void {
  let at = blocks;
  const headers = keys + <usize>key * KEY_BYTES + 192;
  for (let i: u32 = 0; i < itemCount; i++) {
    const item = items + <usize>i * ITEM_BYTES;
    if (load<u16>(item + 4) != <u16>key) continue;
    const bytes = load<u32>(item + 12);
    const size = (bytes + 15) >>> 4;
    // The message's place takes the sealed text: it is one block too short for both, so the packed text moves up.
    const sealed = <usize>load<u32>(item + 8);
    let previous = v128.load(item + 16);
    for (let block: u32 = 0; block < size; block++) {
      const place = sealed + (<usize>block << 4);
      const text = v128.xor(v128.load(place), v128.load(at));
      v128.store(place, previous);
      previous = text;
      at += BLOCK;
    }
    v128.store(sealed + (<usize>size << 4), previous);
    // The last letter's spare bits are zero.
    store<u16>(sealed + 16 + bytes, 0);
    const target: usize = load<u32>(item);
    store<u16>(target, load<u16>(headers + <usize>load<u16>(item + 6) * 2));
    base64(sealed, 16 + bytes, target + 2);
  }
}

/** Twelve bytes become sixteen letters. What lies behind the text is put back. */
// @ts-ignore: decorator
@inline
function base64(from: usize, length: u32, to: usize): void {
  const end = to + (length * 4 + 2) / 3;
  const behind = v128.load(end);
  let at = from;
  let target = to;
  while (target < end) {
    const words = i8x16.swizzle(
      v128.load(at),
      i8x16(2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9, -1),
    );
    const values = v128.or(
      v128.or(
        v128.and(i32x4.shr_u(words, 18), i32x4.splat(0x3f)),
        v128.and(i32x4.shr_u(words, 4), i32x4.splat(0x3f00)),
      ),
      v128.or(
        v128.and(i32x4.shl(words, 10), i32x4.splat(0x3f0000)),
        v128.and(i32x4.shl(words, 24), i32x4.splat(0x3f000000)),
      ),
    );
    // A–Z from 0x41, a–z from 0x47 + 26, 0–9 from −4 + 52, - and . from −17 + 62
    const letters = i8x16.add(
      i8x16.add(
        i8x16.add(values, i8x16.splat(65)),
        v128.and(i8x16.gt_s(values, i8x16.splat(25)), i8x16.splat(6)),
      ),
      i8x16.add(
        v128.and(i8x16.gt_s(values, i8x16.splat(51)), i8x16.splat(-75)),
        v128.and(i8x16.gt_s(values, i8x16.splat(61)), i8x16.splat(-13)),
      ),
    );
    v128.store(target, letters);
    at += 12;
    target += 16;
  }
  v128.store(end, behind);
}

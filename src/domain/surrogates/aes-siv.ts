import { timingSafeEqual } from 'node:crypto';
import { aesBlocks, BLOCK_BYTES, type BlockEncryption } from './aes-blocks.ts';

/** AES-SIV (RFC 5297) under one key: deterministic authenticated encryption. docs/DECISIONS.md#aes-siv-is-our-own-over-nodes-aes */
export interface AesSiv {
  /** Absorbs the associated data of messages that share it. At most 126 strings. */
  associate(data: readonly Uint8Array[]): Uint8Array;
  /** Seals messages: each becomes the 16 bytes of the synthetic IV, then as many bytes as it has. */
  seal(associated: Uint8Array, messages: readonly Uint8Array[]): Uint8Array[];
  /** Opens sealed messages. `undefined` stands for each that does not authenticate. */
  open(associated: Uint8Array, sealed: readonly Uint8Array[]): (Uint8Array | undefined)[];
}

/** @param key 32, 48 or 64 bytes: the first half authenticates, the second encrypts (RFC 5297 section 2.1) */
export function aesSiv(key: Uint8Array): AesSiv {
  if (![32, 48, 64].includes(key.length)) throw new Error('a key of AES-SIV has 32, 48 or 64 bytes');
  const authentication = aesBlocks(key.subarray(0, key.length / 2));
  const encryption = aesBlocks(key.subarray(key.length / 2));
  const subkey = doubled(authentication(new Uint8Array(BLOCK_BYTES)));
  const subkeys = { whole: subkey, partial: doubled(subkey) };

  /** The synthetic IVs of messages: the end of S2V (RFC 5297 section 2.4). */
  const vectors = (associated: Uint8Array, messages: readonly Uint8Array[]): Uint8Array[] =>
    cmacs(
      authentication,
      subkeys,
      messages.map((message) => lastString(associated, message)),
    );

  return {
    associate(data) {
      if (data.length > 126) throw new Error('AES-SIV takes at most 126 strings of associated data');
      let associated = first(cmacs(authentication, subkeys, [new Uint8Array(BLOCK_BYTES)]));
      for (const mac of cmacs(authentication, subkeys, data)) associated = xor(doubled(associated), mac);
      return associated;
    },
    seal(associated, messages) {
      const ivs = vectors(associated, messages);
      return counterMode(encryption, ivs, messages).map((body, i) => Buffer.concat([ivs[i] ?? body, body]));
    },
    open(associated, sealed) {
      const whole = sealed.map((text) => (text.length < BLOCK_BYTES ? new Uint8Array(BLOCK_BYTES) : text));
      const ivs = whole.map((text) => text.subarray(0, BLOCK_BYTES));
      const messages = counterMode(
        encryption,
        ivs,
        whole.map((text) => text.subarray(BLOCK_BYTES)),
      );
      const expected = vectors(associated, messages);
      return messages.map((message, i) => {
        const iv = expected[i];
        return sealed[i] === whole[i] && iv && timingSafeEqual(iv, ivs[i] ?? iv) ? message : undefined;
      });
    },
  };
}

/** What CMAC covers last in S2V: the message, with the associated data's value xored to its end. */
function lastString(associated: Uint8Array, message: Uint8Array): Uint8Array {
  if (message.length >= BLOCK_BYTES) {
    const text = Uint8Array.from(message);
    const start = text.length - BLOCK_BYTES;
    text.set(xor(text.subarray(start), associated), start);
    return text;
  }
  const padded = new Uint8Array(BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  return xor(doubled(associated), padded);
}

/** AES-CMAC (RFC 4493) of many messages: their first blocks in one call of AES, then their second, and so on. */
function cmacs(
  encrypt: BlockEncryption,
  subkeys: { readonly whole: Uint8Array; readonly partial: Uint8Array },
  messages: readonly Uint8Array[],
): Uint8Array[] {
  const texts = messages.map((message) => {
    const length = Math.max(1, Math.ceil(message.length / BLOCK_BYTES)) * BLOCK_BYTES;
    const text = new Uint8Array(length);
    text.set(message);
    if (message.length < length) text[message.length] = 0x80;
    const start = length - BLOCK_BYTES;
    text.set(xor(text.subarray(start), message.length < length ? subkeys.partial : subkeys.whole), start);
    return text;
  });
  const macs = texts.map((): Uint8Array => new Uint8Array(BLOCK_BYTES));
  let open = texts.map((_, i) => i);
  for (let block = 0; open.length > 0; block += BLOCK_BYTES) {
    const input = new Uint8Array(open.length * BLOCK_BYTES);
    open.forEach((message, at) => {
      const text = texts[message] ?? new Uint8Array();
      const mac = macs[message] ?? new Uint8Array();
      input.set(xor(mac, text.subarray(block, block + BLOCK_BYTES)), at * BLOCK_BYTES);
    });
    const output = encrypt(input);
    open.forEach((message, at) => {
      macs[message] = output.subarray(at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES);
    });
    open = open.filter((message) => (texts[message]?.length ?? 0) > block + BLOCK_BYTES);
  }
  return macs;
}

/** Counter mode from the synthetic IVs with two bits cleared (RFC 5297 section 2.5), so the last 32 bits never overflow. */
function counterMode(
  encrypt: BlockEncryption,
  ivs: readonly Uint8Array[],
  messages: readonly Uint8Array[],
): Uint8Array[] {
  const blocks = messages.reduce((sum, message) => sum + Math.ceil(message.length / BLOCK_BYTES), 0);
  const counters = Buffer.alloc(blocks * BLOCK_BYTES);
  let at = 0;
  messages.forEach((message, i) => {
    const iv = Buffer.from(ivs[i] ?? []);
    iv.writeUInt8(iv.readUInt8(8) & 0x7f, 8);
    iv.writeUInt8(iv.readUInt8(12) & 0x7f, 12);
    const low = iv.readUInt32BE(12);
    for (let block = 0; block * BLOCK_BYTES < message.length; block++, at += BLOCK_BYTES) {
      counters.set(iv, at);
      counters.writeUInt32BE(low + block, at + 12);
    }
  });
  const stream = encrypt(counters);
  at = 0;
  return messages.map((message) => {
    const result = xor(message, stream.subarray(at, at + message.length));
    at += Math.ceil(message.length / BLOCK_BYTES) * BLOCK_BYTES;
    return result;
  });
}

/** Doubling in GF(2^128) (RFC 5297 section 2.3). */
export function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(BLOCK_BYTES);
  let carry = 0;
  for (let i = BLOCK_BYTES - 1; i >= 0; i--) {
    const byte = block[i] ?? 0;
    result[i] = (byte << 1) | carry;
    carry = byte >>> 7;
  }
  if (carry) result[BLOCK_BYTES - 1] = (result[BLOCK_BYTES - 1] ?? 0) ^ 0x87;
  return result;
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}

function first(list: readonly Uint8Array[]): Uint8Array {
  const [item] = list;
  if (!item) throw new Error('an empty list has no first item');
  return item;
}

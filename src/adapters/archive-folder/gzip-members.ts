import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

/** Fixed header, the length of the extra field, and the extra field: two letters, its length, and the member's length. */
const HEADER_BYTES = 20;
const TRAILER_BYTES = 8;
const EXTRA_BYTES = 8;
const LEVEL = 6;

/** How many bytes must be read to know a member's length. */
export const MEMBER_HEAD_BYTES = HEADER_BYTES;

/**
 * Compresses a text to a gzip member (RFC 1952) that states its own length in an extra field, as BGZF does, so that a reader
 * skips it without inflating. Members after one another are one gzip file.
 *
 * Why: docs/DECISIONS.md#files-of-the-archive-are-gzip-members
 */
export function gzipMember(text: string): Buffer {
  const bytes = Buffer.from(text);
  const deflated = deflateRawSync(bytes, { level: LEVEL });
  const member = Buffer.alloc(HEADER_BYTES + deflated.length + TRAILER_BYTES);
  // Magic, deflate, FEXTRA; no time; no level; unknown system.
  member.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255]);
  member.writeUInt16LE(EXTRA_BYTES, 10);
  member.write('SL', 12, 'latin1');
  member.writeUInt16LE(4, 14);
  member.writeUInt32LE(member.length, 16);
  deflated.copy(member, HEADER_BYTES);
  member.writeUInt32LE(crc32(bytes), member.length - 8);
  member.writeUInt32LE(bytes.length, member.length - 4);
  return member;
}

/** The length of the member that begins with these bytes. @returns undefined where it is no member of `gzipMember` */
export function memberLength(head: Buffer): number | undefined {
  if (head.length < HEADER_BYTES || head.readUInt32BE(0) !== 0x1f8b0804) return undefined;
  if (head.toString('latin1', 12, 14) !== 'SL') return undefined;
  const length = head.readUInt32LE(16);
  return length > HEADER_BYTES + TRAILER_BYTES ? length : undefined;
}

/**
 * Inflates a member.
 * @param lengthMax of its text, in bytes
 * @returns undefined where it is damaged
 */
export function gunzipMember(member: Buffer, lengthMax: number): string | undefined {
  const length = member.length < HEADER_BYTES + TRAILER_BYTES ? -1 : member.readUInt32LE(member.length - 4);
  if (length < 0 || length > lengthMax) return undefined;
  try {
    const deflated = member.subarray(HEADER_BYTES, member.length - TRAILER_BYTES);
    const bytes = inflateRawSync(deflated, { maxOutputLength: Math.max(1, length) });
    return bytes.length === length && crc32(bytes) === member.readUInt32LE(member.length - 8)
      ? bytes.toString()
      : undefined;
  } catch {
    return undefined;
  }
}

import type { Socket } from 'node:net';
import { plainAddress } from '../../net/address.ts';
import { crc32c } from './crc32c.ts';

/** The PROXY protocol, version 2 (haproxy.org/download/3.2/doc/proxy-protocol.txt, section 2.2). */
export const PROXY_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family and protocol, length of the rest. */
const FIXED_BYTES = 16;
const VERSION = 2;
const COMMAND_LOCAL = 0;
const COMMAND_PROXY = 1;
const FAMILY_UNSPECIFIED = 0x00;
const FAMILY_TCP4 = 0x11;
const FAMILY_TCP6 = 0x21;
const TLV_CRC32C = 0x03;

export interface ProxyHeader {
  /** The client's address; undefined when the connection is the proxy's own (a health check) or none is given. */
  readonly address: string | undefined;
}

/** @returns how many bytes follow the fixed part; undefined when it is not a header of version 2 */
export function proxyHeaderRest(fixed: Buffer): number | undefined {
  if (fixed.length !== FIXED_BYTES || !fixed.subarray(0, PROXY_SIGNATURE.length).equals(PROXY_SIGNATURE))
    return undefined;
  return (fixed.readUInt8(12) ?? 0) >> 4 === VERSION ? fixed.readUInt16BE(14) : undefined;
}

/**
 * Parses a whole header, exactly as long as it says. Does NOT check that it comes from a trusted proxy.
 * @returns undefined when it is malformed, of a family other than TCP, or damaged (by its CRC32C, if it has one)
 */
export function parseProxyHeader(header: Buffer): ProxyHeader | undefined {
  const rest = proxyHeaderRest(header.subarray(0, FIXED_BYTES));
  if (rest === undefined || header.length !== FIXED_BYTES + rest) return undefined;
  const command = header.readUInt8(12) & 0x0f;
  // The rest of a LOCAL header must be ignored (section 2.2).
  if (command === COMMAND_LOCAL) return { address: undefined };
  if (command !== COMMAND_PROXY) return undefined;
  const family = header.readUInt8(13);
  const addressBytes = { [FAMILY_UNSPECIFIED]: 0, [FAMILY_TCP4]: 12, [FAMILY_TCP6]: 36 }[family];
  if (addressBytes === undefined || rest < addressBytes) return undefined;
  // The addresses of an unspecified family have no known length, so its TLVs cannot be found.
  if (family === FAMILY_UNSPECIFIED) return { address: undefined };
  if (!extensionsFit(header, FIXED_BYTES + addressBytes)) return undefined;
  return { address: family === FAMILY_TCP4 ? ipv4(header) : plainAddress(ipv6(header)) };
}

function ipv4(header: Buffer): string {
  return header.subarray(FIXED_BYTES, FIXED_BYTES + 4).join('.');
}

function ipv6(header: Buffer): string {
  const groups: string[] = [];
  for (let offset = FIXED_BYTES; offset < FIXED_BYTES + 16; offset += 2) {
    groups.push(header.readUInt16BE(offset).toString(16));
  }
  const text = groups.join(':');
  const mapped = text.startsWith('0:0:0:0:0:ffff:');
  return mapped ? `::ffff:${header.subarray(FIXED_BYTES + 12, FIXED_BYTES + 16).join('.')}` : text;
}

/** Checks that TLVs fill the header exactly and that a checksum among them is right. Skips all others. */
function extensionsFit(header: Buffer, start: number): boolean {
  let offset = start;
  while (offset < header.length) {
    if (offset + 3 > header.length) return false;
    const value = offset + 3;
    const length = header.readUInt16BE(offset + 1);
    if (value + length > header.length) return false;
    if (header.readUInt8(offset) === TLV_CRC32C && !checksumFits(header, value, length)) return false;
    offset = value + length;
  }
  return true;
}

/** Section 2.2.3: the checksum covers the whole header, with its own four bytes as zeros. */
function checksumFits(header: Buffer, offset: number, length: number): boolean {
  if (length !== 4) return false;
  const zeroed = Buffer.from(header);
  zeroed.fill(0, offset, offset + 4);
  return crc32c(zeroed) === header.readUInt32BE(offset);
}

/**
 * Reads a header, and not one byte more, from a socket that nobody reads yet.
 * @returns undefined when none arrives in time, or it is invalid or longer than the bound
 */
export function takeProxyHeader(
  socket: Socket,
  bounds: { timeMs: number; bytesMax: number },
): Promise<ProxyHeader | undefined> {
  return new Promise((resolve) => {
    let fixed: Buffer | undefined;
    const finish = (header: ProxyHeader | undefined): void => {
      clearTimeout(timer);
      socket.off('readable', read);
      socket.off('close', fail);
      socket.off('end', fail);
      resolve(header);
    };
    const fail = (): void => finish(undefined);
    const read = (): void => {
      fixed ??= socket.read(FIXED_BYTES) ?? undefined;
      if (!fixed) return;
      const rest = proxyHeaderRest(fixed);
      if (rest === undefined || FIXED_BYTES + rest > bounds.bytesMax) {
        fail();
        return;
      }
      const more: Buffer | null = rest === 0 ? Buffer.alloc(0) : socket.read(rest);
      if (more) finish(parseProxyHeader(Buffer.concat([fixed, more])));
    };
    const timer = setTimeout(fail, bounds.timeMs);
    socket.on('readable', read);
    socket.on('close', fail);
    socket.on('end', fail);
  });
}

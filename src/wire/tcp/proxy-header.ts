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

/**
 * Whom a trusted proxy speaks for. `address` undefined: the connection is the proxy's own (a health check), or it does
 * not say.
 */
export interface ProxyHeader {
  readonly address: string | undefined;
}

/** @returns the bytes that follow the fixed part, or undefined when it is no header of version 2 */
export function proxyHeaderRest(fixed: Buffer): number | undefined {
  if (fixed.length !== FIXED_BYTES || !fixed.subarray(0, PROXY_SIGNATURE.length).equals(PROXY_SIGNATURE))
    return undefined;
  return (fixed.readUInt8(12) ?? 0) >> 4 === VERSION ? fixed.readUInt16BE(14) : undefined;
}

/**
 * Reads a whole header, exactly as long as it says. That it comes from a proxy we trust has not been checked.
 * @returns undefined when it is malformed, of a family that no TCP client has, or damaged (CRC32C, where it has one)
 */
export function parseProxyHeader(header: Buffer): ProxyHeader | undefined {
  const rest = proxyHeaderRest(header.subarray(0, FIXED_BYTES));
  if (rest === undefined || header.length !== FIXED_BYTES + rest) return undefined;
  const command = header.readUInt8(12) & 0x0f;
  // What a LOCAL header goes on to say is to be ignored.
  if (command === COMMAND_LOCAL) return { address: undefined };
  if (command !== COMMAND_PROXY) return undefined;
  const family = header.readUInt8(13);
  const addressBytes = { [FAMILY_UNSPECIFIED]: 0, [FAMILY_TCP4]: 12, [FAMILY_TCP6]: 36 }[family];
  if (addressBytes === undefined || rest < addressBytes) return undefined;
  // How long an unspecified family's addresses are is not known, so neither is where its TLVs start.
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

/** TLVs are skipped, but they must fill the header, and the checksum among them must fit. */
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

/** Section 2.2.3: over the whole header, with the checksum itself as zeros. */
function checksumFits(header: Buffer, offset: number, length: number): boolean {
  if (length !== 4) return false;
  const zeroed = Buffer.from(header);
  zeroed.fill(0, offset, offset + 4);
  return crc32c(zeroed) === header.readUInt32BE(offset);
}

/**
 * Takes a header, and not one byte more, from a socket that nobody reads yet.
 * @returns undefined when there is none in time, or it is not valid or longer than the bound
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

import { createHmac, hash } from 'node:crypto';

/**
 * The MAC of a transfer, in hex: HMAC-SHA256 over `data` followed by `nonce`, both as sent, under SHA-256 of the
 * password (PROTOCOL.md).
 */
export function transferMac(password: string, data: string, nonce: string): string {
  const key = hash('sha256', Buffer.from(password, 'utf8'), 'buffer');
  return createHmac('sha256', key)
    .update(data + nonce, 'utf8')
    .digest('hex');
}

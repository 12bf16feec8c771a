import { hash } from 'node:crypto';
import { tokenHmac } from './token-screen.ts';

/** PROTOCOL.md: HMAC-SHA256 of the data and then the nonce, both as sent; the key is SHA-256 of the password. */
export function transferMac(password: string, data: string, nonce: string): string {
  const key = hash('sha256', Buffer.from(password, 'utf8'), 'buffer');
  return Buffer.from(tokenHmac('sha256', key, Buffer.from(data + nonce, 'utf8'))).toString('hex');
}

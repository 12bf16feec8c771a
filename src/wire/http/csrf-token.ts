import { hash } from 'node:crypto';

/**
 * The CSRF token of a cookie's secret. A foreign page can make the browser send the cookie, but can read neither the
 * cookie nor this token.
 */
export function csrfTokenOf(secret: string): string {
  return hash('sha256', `csrf\n${secret}`, 'base64url');
}

/** `session` holds the session's secret, `device` tells that this browser has logged in before. */
export type CookieKind = 'session' | 'device';

const COOKIE_BYTES_MAX = 4_096;

/** RFC 6265bis section 4.1.3.2: browsers accept `__Host-` only over TLS and for this host only. */
function nameOf(kind: CookieKind, secure: boolean): string {
  return `${secure ? '__Host-' : ''}sello_${kind}`;
}

/** The value in the Cookie header. Does NOT check it. */
export function readCookie(
  header: string | undefined,
  secure: boolean,
  kind: CookieKind = 'session',
): string | undefined {
  if (header === undefined || header.length > COOKIE_BYTES_MAX) return undefined;
  const prefix = `${nameOf(kind, secure)}=`;
  for (const part of header.split(';')) {
    const pair = part.trim();
    if (pair.startsWith(prefix)) return pair.slice(prefix.length) || undefined;
  }
  return undefined;
}

/** A Set-Cookie value: hidden from scripts, sent only by this site's own pages. @param seconds 0 deletes the cookie */
export function setCookie(
  value: string,
  seconds: number,
  secure: boolean,
  kind: CookieKind = 'session',
): string {
  const attributes = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${Math.max(0, Math.floor(seconds))}`;
  return `${nameOf(kind, secure)}=${value}; ${attributes}${secure ? '; Secure' : ''}`;
}

const NAME = 'sello_session';
/** RFC 6265bis section 4.1.3.2: browsers accept this name only over TLS and for this host only. */
const SECURE_NAME = `__Host-${NAME}`;
const COOKIE_BYTES_MAX = 4_096;

/** The session's secret in the Cookie header. Does NOT check it. */
export function readCookie(header: string | undefined, secure: boolean): string | undefined {
  if (header === undefined || header.length > COOKIE_BYTES_MAX) return undefined;
  const prefix = `${secure ? SECURE_NAME : NAME}=`;
  for (const part of header.split(';')) {
    const pair = part.trim();
    if (pair.startsWith(prefix)) return pair.slice(prefix.length) || undefined;
  }
  return undefined;
}

/** A Set-Cookie value: hidden from scripts, sent only by this site's own pages. @param seconds 0 deletes the cookie */
export function setCookie(secret: string, seconds: number, secure: boolean): string {
  const attributes = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${Math.max(0, Math.floor(seconds))}`;
  return secure ? `${SECURE_NAME}=${secret}; ${attributes}; Secure` : `${NAME}=${secret}; ${attributes}`;
}

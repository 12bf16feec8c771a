const NAME = 'sello_session';
/** RFC 6265bis section 4.1.3.2: a browser takes it over TLS alone, for this host alone. */
const SECURE_NAME = `__Host-${NAME}`;
const COOKIE_BYTES_MAX = 4_096;

/** @returns the session's secret in the Cookie header, not checked */
export function readCookie(header: string | undefined, secure: boolean): string | undefined {
  if (header === undefined || header.length > COOKIE_BYTES_MAX) return undefined;
  const prefix = `${secure ? SECURE_NAME : NAME}=`;
  for (const part of header.split(';')) {
    const pair = part.trim();
    if (pair.startsWith(prefix)) return pair.slice(prefix.length) || undefined;
  }
  return undefined;
}

/** Unseen by scripts, sent by this site's own pages alone. @param seconds 0 deletes it */
export function setCookie(secret: string, seconds: number, secure: boolean): string {
  const attributes = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${Math.max(0, Math.floor(seconds))}`;
  return secure ? `${SECURE_NAME}=${secret}; ${attributes}; Secure` : `${NAME}=${secret}; ${attributes}`;
}

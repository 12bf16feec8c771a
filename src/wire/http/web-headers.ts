/** Content types by file extension. Files with other extensions are not served. */
export const WEB_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};
/** Allows nothing inline, nothing from other origins, and no text as script except through the policy `sello`. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
  'trusted-types sello',
].join('; ');

const NOTHING =
  'accelerometer=(), autoplay=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()';
const OWN = 'clipboard-write=(self), publickey-credentials-create=(self), publickey-credentials-get=(self)';

/**
 * The header fields of a file of the pages. Scripts get the policy too, because a worker is bound by its own script's.
 */
export function webHeaders(
  path: string,
  { type, etag }: { readonly type: string; readonly etag: string },
): Record<string, string> {
  const camera = path.startsWith('/token') ? 'camera=(self)' : 'camera=()';
  return {
    'content-type': type,
    'content-security-policy': PAGE_POLICY,
    'permissions-policy': `${NOTHING}, ${camera}, ${OWN}`,
    'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    vary: 'Accept-Encoding',
    etag,
  };
}

/** Opens the transfer on a token: the canonical transaction itself, in the fragment, which no server sees. */
export function approvalLink(origin: string, canonical: string): string {
  const bytes = new TextEncoder().encode(canonical);
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return `${origin}/token#approve=${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

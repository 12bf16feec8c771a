/** The best encoding that the client accepts (RFC 9110 section 12.5.3). @returns undefined for none */
export function acceptedEncodings(header: string | undefined): 'br' | 'gzip' | undefined {
  const taken = new Set<string>();
  for (const part of (header ?? '').slice(0, 256).split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    if (!parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter))) taken.add(name);
  }
  if (taken.has('br')) return 'br';
  return taken.has('gzip') ? 'gzip' : undefined;
}

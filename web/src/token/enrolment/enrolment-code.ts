const CODE = /^[A-Za-z0-9._-]{16,128}$/;

export type EnrolmentCode = { readonly code: string } | 'foreign' | 'unreadable';

/**
 * A one-time code as it is typed, or in a link as it is scanned or pasted. A link of another server is told apart: its
 * code must not be sent to this one.
 * @param origin of this page
 */
export function readEnrolment(text: string, origin: string): EnrolmentCode {
  const trimmed = text.trim();
  if (CODE.test(trimmed)) return { code: trimmed };
  if (!URL.canParse(trimmed)) return 'unreadable';
  const link = new URL(trimmed);
  const code = fragmentCode(link.hash);
  if (code === undefined) return 'unreadable';
  return link.origin === origin ? { code } : 'foreign';
}

/** @param hash of an address: `#enrol=CODE` */
export function fragmentCode(hash: string): string | undefined {
  const code = /^#enrol=(.*)$/.exec(hash)?.[1];
  return code !== undefined && CODE.test(code) ? code : undefined;
}

const CODE = /^[A-Za-z0-9._-]{16,128}$/;

export type EnrolmentCode = { readonly code: string } | 'foreign' | 'unreadable';

/**
 * Reads a one-time code, typed or in a scanned or pasted link. A link of another server is `foreign`: its code must
 * not be sent to this one.
 * @param origin of this page
 */
export function readEnrolment(text: string, origin: string): EnrolmentCode {
  // A code is in groups, which some type with blanks.
  const trimmed = text.trim().replaceAll(/\s+/g, '-');
  if (CODE.test(trimmed)) return { code: trimmed };
  if (!URL.canParse(trimmed)) return 'unreadable';
  const link = new URL(trimmed);
  const code = fragmentCode(link.hash);
  if (code === undefined) return 'unreadable';
  return link.origin === origin ? { code } : 'foreign';
}

/** Reads the code from a fragment such as `#enrol=CODE`. */
export function fragmentCode(hash: string): string | undefined {
  const code = /^#enrol=(.*)$/.exec(hash)?.[1];
  return code !== undefined && CODE.test(code) ? code : undefined;
}

import type { ReceiptClaims } from '../verify-receipt.ts';
import { PdfText } from './pdf-page.ts';

/** The words of the page, and the values as they are shown. */
export interface ReceiptWords {
  readonly title: string;
  readonly language: string;
  readonly intro: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly verify: string;
  readonly signed: string;
  readonly attached: string;
}

/**
 * Makes a receipt as a PDF of one page: what it states, a link to its verification, and the signed text itself, in print and
 * as the attachment `receipt.jws`. The PDF proves nothing, the signed text does. Does NOT verify it.
 *
 * Why: docs/DECISIONS.md#receipts-become-pdfs-in-the-browser-by-our-own-writer
 */
export function receiptPdf(
  jws: string,
  { jti }: Pick<ReceiptClaims, 'jti'>,
  { title, language, intro, facts, verify, signed, attached }: ReceiptWords,
  verifyAddress: string,
): Uint8Array<ArrayBuffer> {
  const page = new PdfText();
  page.line(`Sello · ${title}`, 'bold', 20);
  page.gap(6);
  page.paragraph(intro, 10);
  page.gap(12);
  for (const { name, value } of facts) page.fact(name, value);
  page.gap(12);
  page.link(verify, verifyAddress);
  page.gap(12);
  page.line(signed, 'bold', 10);
  page.mono(jws, 7);
  page.gap(6);
  page.paragraph(attached, 9);
  return page.document({
    title: `${title} ${jti}`,
    language,
    attachment: { name: 'receipt.jws', type: 'application/jose', text: `${jws}\n`, description: signed },
  });
}

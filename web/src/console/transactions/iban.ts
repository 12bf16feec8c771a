/** Length of an IBAN by its country, from the registry of ISO 13616 (SWIFT). */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20',
    'EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30',
    'KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23',
    'PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26',
    'UA29 VA22 VG24 XK20 YE30',
  ].flatMap((line) => line.split(' ').map((each) => [each.slice(0, 2), Number(each.slice(2))])),
);
const FORM = /^[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}$/;

export type IbanDoubt =
  /** Characters are missing or too many. */
  | {
      readonly kind: 'length';
      readonly country: string;
      readonly expected: number;
      readonly found: number;
    }
  /** The check digits do not fit: a character is wrong, or two changed places. */
  | { readonly kind: 'check_digits' };

/**
 * Looks for a mistyped IBAN (ISO 13616-1): its length and its check digits (ISO/IEC 7064, MOD 97-10). Blanks and small
 * letters are overlooked, as in print. Does NOT say that an account exists, nor refuse: an account need not be an IBAN.
 * @returns undefined for a good IBAN, and for what does not look like one
 */
export function ibanDoubt(account: string): IbanDoubt | undefined {
  const iban = account.replaceAll(/\s/g, '').toUpperCase();
  const country = iban.slice(0, 2);
  const expected = LENGTHS[country];
  if (expected === undefined || !FORM.test(iban)) return undefined;
  if (iban.length !== expected) return { kind: 'length', country, expected, found: iban.length };
  return remainder(iban) === 1 ? undefined : { kind: 'check_digits' };
}

/** Returns the remainder modulo 97 of the rearranged number, in which A is 10 and Z is 35. */
function remainder(iban: string): number {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

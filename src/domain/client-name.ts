type Table = readonly (readonly [RegExp, string])[];

/** The most specific first: nearly every browser also claims to be Chrome and Safari. */
const BROWSERS: Table = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];

const SYSTEMS: Table = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux|X11/, 'Linux'],
];

/**
 * Turns a User-Agent (RFC 9110 section 10.1.5) into a readable name of browser and operating system, such as
 * `Chrome, Linux`. A User-Agent proves nothing: the client chooses it. An unrecognised one is returned unchanged.
 */
export function clientName(userAgent: string): string {
  if (!userAgent.startsWith('Mozilla/')) return userAgent;
  const find = (table: Table) => table.find(([pattern]) => pattern.test(userAgent))?.[1];
  const names = [find(BROWSERS), find(SYSTEMS)].filter((name) => name !== undefined);
  return names.length === 0 ? userAgent : names.join(', ');
}

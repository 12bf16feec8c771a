const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;
const BYTE_UNITS = [
  ['GiB', 1_024 ** 3],
  ['MiB', 1_024 ** 2],
  ['KiB', 1_024],
] as const;

/** Formats a duration exactly, in units that every language writes so: "30 s", "2 h", "1 h 30 min". @param ms a whole number */
export function shownMs(ms: number): string {
  const parts: string[] = [];
  let left = ms;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

function shownBytes(bytes: number): string {
  const [unit, size] = BYTE_UNITS.find(([, each]) => bytes >= each && bytes % each === 0) ?? ['B', 1];
  return `${bytes / size} ${unit}`;
}

/** Formats a value as in the configuration file; undefined if there is none. */
export function writtenValue(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Formats a value for people: times and sizes with their unit, lists and groups on lines of their own. */
export function shownValue(key: string, value: unknown): string | undefined {
  if (typeof value === 'number') {
    if (key.endsWith('_ms')) return shownMs(value);
    if (/_bytes(_max)?$/.test(key)) return shownBytes(value);
    if (key.endsWith('_days')) return `${value} d`;
  }
  if (Array.isArray(value)) return value.length === 0 ? '[]' : value.map(oneLine).join('\n');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, each]) => `${name}: ${name.endsWith('_ms') ? shownMs(Number(each)) : oneLine(each)}`)
      .join('\n');
  }
  return writtenValue(value);
}

function oneLine(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

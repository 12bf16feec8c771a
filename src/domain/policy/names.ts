/** Whether a condition's texts name the value: one or several of them, compared exactly; none name everything. */
export function names(wanted: string | readonly string[] | undefined, value: string): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'string' ? wanted === value : wanted.includes(value);
}

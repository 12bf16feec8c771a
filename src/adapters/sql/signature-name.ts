/** How a line of a signed note begins, with the newline before it: its signer's name. */
export function nameOfLine(line: string): string {
  return `\n${line.split(' ', 2).join(' ')} `;
}

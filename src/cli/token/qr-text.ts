import encodeQR from 'qr';

const QUIET_ZONE_MODULES = 2;

/** Black on bright white (ECMA-48 SGR), whatever the terminal's own colours: readers refuse an inverted code. */
const INK = '\u001b[30;107m';
const NO_INK = '\u001b[0m';

/**
 * A QR code (ISO/IEC 18004) for a terminal, two rows of modules a line, dark modules drawn.
 * @param coloured whether to name the colours: only where the output is a terminal. Without them a terminal with a dark
 * background shows the code inverted
 * @throws when the text is longer than a QR code holds
 */
export function qrText(text: string, coloured = false): string {
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: QUIET_ZONE_MODULES });
  const lines: string[] = [];
  for (let row = 0; row < rows.length; row += 2) {
    const [upper = [], lower = []] = rows.slice(row, row + 2);
    const line = upper.map((dark, column) =>
      dark ? (lower[column] ? '█' : '▀') : lower[column] ? '▄' : ' ',
    );
    lines.push(coloured ? `${INK}${line.join('')}${NO_INK}` : line.join(''));
  }
  return lines.join('\n');
}

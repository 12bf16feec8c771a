import encodeQR from 'qr';

const QUIET_ZONE_MODULES = 2;

/**
 * A QR code (ISO/IEC 18004) for a terminal, two rows of modules a line, dark modules drawn.
 * @throws when the text is longer than a QR code holds
 */
export function qrText(text: string): string {
  const rows = encodeQR(text, 'raw', { ecc: 'low', border: QUIET_ZONE_MODULES });
  const lines: string[] = [];
  for (let row = 0; row < rows.length; row += 2) {
    const [upper = [], lower = []] = rows.slice(row, row + 2);
    lines.push(
      upper.map((dark, column) => (dark ? (lower[column] ? '█' : '▀') : lower[column] ? '▄' : ' ')).join(''),
    );
  }
  return lines.join('\n');
}

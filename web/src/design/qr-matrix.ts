import QRCode from 'qrcode';

export interface QrMatrix {
  /** Modules a side. */
  readonly size: number;
  readonly dark: (row: number, column: number) => boolean;
}

/** @throws when the text is longer than a QR code holds */
export function qrMatrix(text: string): QrMatrix {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: 'M' });
  return { size: modules.size, dark: (row, column) => modules.get(row, column) !== 0 };
}

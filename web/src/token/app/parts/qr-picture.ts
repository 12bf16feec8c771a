/** Larger pictures are scaled down; a QR code stays readable at this size. Unit: px */
const SIDE_MAX = 1_024;

/**
 * Reads the text of a QR code (ISO/IEC 18004) in a picture. The reader is loaded on first use.
 * @returns undefined if there is none
 */
export async function readPicture(
  picture: CanvasImageSource,
  width: number,
  height: number,
): Promise<string | undefined> {
  const scale = Math.min(1, SIDE_MAX / Math.max(width, height, 1));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const drawing = canvas.getContext('2d', { willReadFrequently: true });
  if (!drawing) return undefined;
  drawing.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
  const { default: decodeQR } = await import('qr/decode.js');
  try {
    return decodeQR({ width: canvas.width, height: canvas.height, data });
  } catch {
    return undefined;
  }
}

/** Larger pictures are made smaller: a code fills enough of them. Unit: px */
const SIDE_MAX = 1_024;

/** The text of the QR code (ISO/IEC 18004) in a picture, or undefined. The reader is loaded when it is first needed. */
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

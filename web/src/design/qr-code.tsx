import { useEffect, useState } from 'react';

const QUIET_ZONE_MODULES = 4;
/** Size of the placeholder before the first drawing: a code of version 4 with its quiet zone. */
const SIZE_MODULES = 41;

/**
 * A QR code (ISO/IEC 18004) as one SVG path, dark on white in both colour schemes because cameras need that. The
 * library is loaded with the first code.
 */
export function QrCode({
  text,
  label,
  correction = 'medium',
}: {
  readonly text: string;
  readonly label: string;
  /** `low` for a long text that is read off a screen, where nothing is scratched. */
  readonly correction?: 'low' | 'medium';
}) {
  const [drawing, setDrawing] = useState<{ readonly path: string; readonly size: number }>();
  useEffect(() => {
    let wanted = true;
    void import('qr').then(({ encodeQR }) => {
      if (!wanted) return;
      const rows = encodeQR(text, 'raw', { ecc: correction, border: QUIET_ZONE_MODULES });
      const squares = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')));
      setDrawing({ path: squares.join(''), size: rows.length });
    });
    return () => {
      wanted = false;
    };
  }, [text, correction]);
  const size = drawing?.size ?? SIZE_MODULES;
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      width="100%"
      style={{ maxWidth: '17rem', aspectRatio: '1', borderRadius: 12, background: '#fff' }}
    >
      <path d={drawing?.path ?? ''} fill="#000" />
    </svg>
  );
}

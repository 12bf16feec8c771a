import { useEffect, useState } from 'react';

const QUIET_ZONE = 4;

/**
 * A QR code (ISO/IEC 18004) as one path, dark on white in either appearance, since cameras want it so. The library is
 * loaded when the first one is shown.
 */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const [drawing, setDrawing] = useState<{ readonly path: string; readonly size: number }>();
  useEffect(() => {
    let wanted = true;
    void import('./qr-matrix.ts').then(({ qrMatrix }) => {
      if (!wanted) return;
      const { size, dark } = qrMatrix(text);
      let path = '';
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          if (dark(row, column)) path += `M${column + QUIET_ZONE} ${row + QUIET_ZONE}h1v1h-1z`;
        }
      }
      setDrawing({ path, size: size + 2 * QUIET_ZONE });
    });
    return () => {
      wanted = false;
    };
  }, [text]);
  const size = drawing?.size ?? 41;
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

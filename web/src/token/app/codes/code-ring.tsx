import type { ReactNode } from 'react';
import styles from './code-ring.module.css';

const RADIUS = 46;
const LENGTH = 2 * Math.PI * RADIUS;
/** The ring takes a warmer colour when less time than this is left. */
const WARM_MS = 10_000;

/** A ring that runs out around its content. Decoration: the seconds stand beside it in words. */
export function CodeRing({
  leftMs,
  periodMs,
  children,
}: {
  readonly leftMs: number;
  readonly periodMs: number;
  readonly children: ReactNode;
}) {
  const left = Math.max(0, Math.min(1, leftMs / periodMs));
  const warm = Math.max(0, Math.min(1, (WARM_MS - leftMs) / 2_000));
  return (
    <div className={styles.ring} style={{ '--warm': `${Math.round(warm * 100)}%` }}>
      <svg viewBox="0 0 100 100" aria-hidden="true" focusable="false">
        <circle className={styles.track} cx="50" cy="50" r={RADIUS} />
        <circle
          className={styles.left}
          cx="50"
          cy="50"
          r={RADIUS}
          strokeDasharray={LENGTH}
          strokeDashoffset={-LENGTH * (1 - left)}
          transform="rotate(-90 50 50)"
        />
      </svg>
      <div className={styles.inside}>{children}</div>
    </div>
  );
}

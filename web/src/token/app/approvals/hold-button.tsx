import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ShieldIcon } from '../../../design/icons.tsx';
import styles from './hold-button.module.css';

const HOLD_MS = 1_100;

/**
 * A button that must be held, so that no accidental touch approves. Keyboards and screen readers press it as any
 * button; the PIN is asked for in either case.
 */
export function HoldButton({ label, onHeld }: { readonly label: string; readonly onHeld: () => void }) {
  const { t } = useTranslation('token');
  const [holding, setHolding] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hint = useId();

  function release() {
    clearTimeout(timer.current);
    setHolding(false);
  }

  useEffect(() => {
    return () => clearTimeout(timer.current);
  }, []);

  return (
    <div className={styles.box}>
      <button
        type="button"
        className={`${styles.button} ${holding ? styles.holding : ''}`}
        style={{ '--hold': `${HOLD_MS}ms` }}
        aria-describedby={hint}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          setHolding(true);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            setHolding(false);
            onHeld();
          }, HOLD_MS);
        }}
        onPointerUp={release}
        onPointerLeave={release}
        onPointerCancel={release}
        onContextMenu={(event) => event.preventDefault()}
        onClick={({ detail }) => {
          // 0 means no pointer: a key or an assistive technology.
          if (detail === 0) onHeld();
        }}
      >
        <span className={styles.fill} aria-hidden="true" />
        <span className={styles.label}>
          <ShieldIcon />
          {/* Both lie on each other: the button is as large as the longer one, held or not. */}
          <span className={styles.words}>
            <span aria-hidden={holding}>{label}</span>
            <span aria-hidden={!holding}>{t('transaction.holding')}</span>
          </span>
        </span>
      </button>
      <p id={hint} className={styles.hint}>
        {t('transaction.hold_hint')}
      </p>
    </div>
  );
}

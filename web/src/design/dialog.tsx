import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './dialog.module.css';
import { CrossIcon } from './icons.tsx';

/**
 * A dialog of the browser's own: it keeps the focus inside, closes by Escape, gives the focus back, and hides the rest
 * of the page from screen readers. `side`: along the edge, for a menu.
 */
export function Dialog({
  opened,
  title,
  onClose,
  side = false,
  children,
}: {
  readonly opened: boolean;
  readonly title: string;
  readonly onClose: () => void;
  readonly side?: boolean;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    if (!opened) return;
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      // The browser gives it back by itself, but not once the element is out of the page.
      const lost = document.activeElement === document.body;
      if (lost && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [opened]);
  if (!opened) return null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a press beside it is a convenience; Escape and the button do the same
    <dialog
      ref={dialog}
      className={side ? styles.side : styles.dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={({ target, currentTarget }) => {
        if (target === currentTarget) onClose();
      }}
    >
      <div className={styles.content}>
        <div className={styles.head}>
          <h2 id={titleId} className={styles.title}>
            {title}
          </h2>
          <button type="button" className={styles.close} aria-label={t('close')} onClick={onClose}>
            <CrossIcon />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

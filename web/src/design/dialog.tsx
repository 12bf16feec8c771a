import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './dialog.module.css';
import { CrossIcon } from './icons.tsx';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /**
   * `window`: in the middle of the screen. `side`: along the edge, for a menu. `sheet`: from the bottom of a phone;
   * its first field takes the focus, and a press beside it does not close it.
   */
  readonly look?: 'window' | 'side' | 'sheet';
  /** More room, for three buttons in a row. */
  readonly wide?: boolean;
  readonly children: ReactNode;
}

/**
 * A modal `<dialog>`: the browser keeps the focus inside, closes it on Escape, returns the focus, and hides the rest
 * of the page from screen readers.
 */
export function Dialog({ opened = true, ...props }: DialogProps & { readonly opened?: boolean }) {
  return opened ? <OpenDialog {...props} /> : null;
}

function OpenDialog({ title, onClose, look = 'window', wide = false, children }: DialogProps) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // A layout effect runs its clean-up while the element is still in the page; only then does the focus return.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // The browser focuses the close button, which comes first.
    if (look === 'sheet') element?.querySelector('input')?.focus();
    return () => element?.close();
  }, [look]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a press beside it is a convenience; Escape and the button do the same
    <dialog
      ref={dialog}
      className={wide ? `${styles[look]} ${styles.wide}` : styles[look]}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={({ target, currentTarget }) => {
        if (look !== 'sheet' && target === currentTarget) onClose();
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
        <div className={styles.body}>{children}</div>
      </div>
    </dialog>
  );
}

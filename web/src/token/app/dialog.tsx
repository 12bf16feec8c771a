import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { CrossIcon } from '../../design/icons.tsx';
import { Button } from './button.tsx';
import styles from './dialog.module.css';

/** A dialog over the page, as the browser has it: it takes the focus, keeps it, and gives it back. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation('token');
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the element leaves the page, or the focus has nowhere to go back to.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // The browser would take the first button, which closes it.
    shown?.querySelector('input')?.focus();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className={styles.head}>
        <h2 id={id}>{title}</h2>
        <Button look="quiet" className={styles.close} aria-label={t('close')} onClick={onClose}>
          <CrossIcon />
        </Button>
      </header>
      <div className={styles.body}>{children}</div>
    </dialog>
  );
}

import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ArrowLeftIcon } from '../design/icons.tsx';
import { hashOf, type Route } from '../routing/hash-route.ts';
import styles from './page.module.css';

export interface PageProps {
  readonly title: string;
  readonly intro?: string;
  /** Target of the "back" link. */
  readonly back?: Route;
  readonly actions?: ReactNode;
  /** Narrow layout, for a form or a single item. */
  readonly narrow?: boolean;
  readonly children: ReactNode;
}

/** A page with its heading, which is also the title of the window. */
export function Page({ title, intro, back, actions, narrow = false, children }: PageProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = `${title} · Sello`;
  }, [title]);
  return (
    <div className={narrow ? styles.narrow : styles.page}>
      {back && (
        <a className={styles.back} href={hashOf(...back)}>
          <ArrowLeftIcon size={18} />
          {t('back')}
        </a>
      )}
      <div className={styles.head}>
        <h1 className={`${styles.title} sello-text`}>{title}</h1>
        {actions}
      </div>
      {intro !== undefined && <p className={styles.intro}>{intro}</p>}
      {children}
    </div>
  );
}

/** A section on a surface of its own. */
export function Card({
  title,
  actions,
  children,
}: {
  readonly title?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className={styles.card} {...(title === undefined ? {} : { 'aria-label': title })}>
      {title !== undefined && (
        <div className={styles.cardHead}>
          <h2 className={styles.cardTitle}>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

/** Placeholder of an empty list, with what to do about it. */
export function Empty({
  icon,
  title,
  text,
  action,
}: {
  readonly icon?: ReactNode;
  readonly title: string;
  readonly text?: string;
  readonly action?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {icon && <span className={styles.emptyIcon}>{icon}</span>}
      <p className={styles.emptyTitle}>{title}</p>
      {text !== undefined && <p className={styles.emptyText}>{text}</p>}
      {action}
    </div>
  );
}

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ArrowLeftIcon } from '../../design/icons.tsx';
import { hashOf } from '../../routing/hash-route.ts';
import styles from './page.module.css';

/** The content of a page, below a link back to `back` if that is given. */
export function Page({
  back,
  tall = false,
  children,
}: {
  readonly back?: string;
  /** As high as the screen, for what stands at its lower edge. */
  readonly tall?: boolean;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation('token');
  return (
    <main className={tall ? `${styles.page} ${styles.tall}` : styles.page}>
      {back !== undefined && (
        <a className={styles.back} href={hashOf(back)}>
          <ArrowLeftIcon /> {t('back')}
        </a>
      )}
      {children}
    </main>
  );
}

/** A remark in small type. */
export function SmallPrint({ children }: { readonly children: ReactNode }) {
  return <p className={styles.smallPrint}>{children}</p>;
}

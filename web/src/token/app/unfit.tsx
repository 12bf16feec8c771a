import { useTranslation } from 'react-i18next';
import { Seal } from '../../design/seal.tsx';
import { Notice } from './parts/notice.tsx';
import styles from './unlock-page.module.css';

/** Shown in a browser without WebCrypto or storage, where no token can exist. */
export function Unfit({ reason }: { readonly reason: 'insecure' | 'storage' }) {
  const { t } = useTranslation('token');
  return (
    <main className={styles.page}>
      <div className={styles.head}>
        <Seal size={56} />
        <h1>{t('unfit.title')}</h1>
      </div>
      <Notice kind="danger">{t(`unfit.${reason}`)}</Notice>
    </main>
  );
}

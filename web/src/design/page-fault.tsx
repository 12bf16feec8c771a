import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './page-fault.module.css';
import { Seal } from './seal.tsx';

/** Catches an error thrown while rendering and shows it instead of a blank page. */
export class PageFault extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render(): ReactNode {
    return this.state.error === undefined ? this.props.children : <Fault error={this.state.error} />;
  }
}

function Fault({ error }: { readonly error: unknown }) {
  const { t } = useTranslation();
  return (
    <div className={styles.fault} role="alert">
      <Seal size={44} />
      <h1>{t('error.page_title')}</h1>
      <p>{t('error.page')}</p>
      <pre className={styles.text}>{error instanceof Error ? error.message : String(error)}</pre>
      <button type="button" className={styles.reload} onClick={() => location.reload()}>
        {t('error.reload')}
      </button>
    </div>
  );
}

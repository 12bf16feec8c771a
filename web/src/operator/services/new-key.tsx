import { Button, Group } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { ServiceKey } from '../../api/operations.ts';
import { CopyButton } from '../../design/copy-button.tsx';
import styles from './services.module.css';

/**
 * A new key. It stays on the page until the administrator confirms having it: a dialog could be closed by accident.
 */
export function NewKey({ made, onKept }: { readonly made: ServiceKey; readonly onKept: () => void }) {
  const { t } = useTranslation('operator');
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    place.current?.focus();
    place.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  const title = t('services.key_title', { name: made.name });
  return (
    <section ref={place} className={styles.made} tabIndex={-1} aria-label={title}>
      <h2 className={`${styles.madeTitle} sello-text`}>{title}</h2>
      <p>{t('services.key_once')}</p>
      <code className={styles.key}>{made.key}</code>
      <Group mt="md">
        <CopyButton text={made.key} label={t('services.key_copy')} />
        <Button variant="default" onClick={onKept}>
          {t('services.key_kept')}
        </Button>
      </Group>
    </section>
  );
}

import { Button, Group } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { WebhookSecret } from '../../api/operations.ts';
import { CopyButton } from '../../design/copy-button.tsx';
import styles from './events.module.css';

/** A new secret. It stays on the page until the administrator confirms having it. */
export function NewSecret({ made, onKept }: { readonly made: WebhookSecret; readonly onKept: () => void }) {
  const { t } = useTranslation('operator');
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    place.current?.focus();
    place.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <section ref={place} className={styles.made} tabIndex={-1} aria-label={t('events.secret_title')}>
      <h2>{t('events.secret_title')}</h2>
      <p>{t('events.secret_once')}</p>
      <code className={styles.secret}>{made.secret}</code>
      <Group mt="md">
        <CopyButton text={made.secret} label={t('events.secret_copy')} />
        <Button variant="default" onClick={onKept}>
          {t('events.secret_kept')}
        </Button>
      </Group>
    </section>
  );
}

import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PhoneIcon } from '../../design/icons.tsx';
import { hashOf } from '../../routing/hash-route.ts';
import styles from './token-call.module.css';
import { useTokens } from './use-tokens.ts';

/** Asks a user without an active token to set one up: the console's transactions are approved on it. */
export function TokenCall() {
  const { t } = useTranslation('console');
  const { data } = useTokens();
  if (!data || data.some(({ status }) => status === 'active')) return null;
  return (
    <section className={styles.call} aria-label={t('home.no_token_title')}>
      <PhoneIcon size={30} />
      <div>
        <h2>{t('home.no_token_title')}</h2>
        <p>{t('home.no_token')}</p>
      </div>
      <Button component="a" href={hashOf('devices', 'enrol')}>
        {t('home.no_token_action')}
      </Button>
    </section>
  );
}

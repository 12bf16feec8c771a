import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { hashOf } from '../routing/hash-route.ts';
import { Empty, Page } from './page.tsx';

export function NotFound() {
  const { t } = useTranslation('shell');
  return (
    <Page title={t('not_found.title')} narrow>
      <Empty
        title={t('not_found.title')}
        text={t('not_found.text')}
        action={
          <Button component="a" href={hashOf()}>
            {t('not_found.home')}
          </Button>
        }
      />
    </Page>
  );
}

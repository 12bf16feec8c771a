import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { goTo } from '../../../routing/use-route.ts';
import { useDeviceView } from '../device-context.tsx';
import { Page } from '../page.tsx';
import { Button } from '../parts/button.tsx';
import { Notice } from '../parts/notice.tsx';
import { TokenDetails } from './token-details.tsx';

export function TokenPage({ id }: { readonly id: string }) {
  const { t } = useTranslation('token');
  const token = useDeviceView().tokens.find((one) => one.id === id);
  const [removed, setRemoved] = useState<boolean>();
  return (
    <Page back="codes">
      {removed !== undefined && (
        <Notice kind={removed ? 'good' : 'warning'}>
          {removed ? t('details.removed') : t('details.removed_here')}
        </Notice>
      )}
      {token && <TokenDetails token={token} onRemoved={setRemoved} />}
      {!token && removed === undefined && <Button onClick={() => goTo('codes')}>{t('codes.title')}</Button>}
    </Page>
  );
}

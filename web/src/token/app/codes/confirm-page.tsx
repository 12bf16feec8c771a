import { useTranslation } from 'react-i18next';
import { goTo } from '../../../routing/use-route.ts';
import { useDevice, useDeviceView } from '../device-context.tsx';
import { Page } from '../page.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import { Heading } from '../parts/heading.tsx';
import { nameOf } from '../token-name.ts';

/** Confirms a token whose first code never reached the server. */
export function ConfirmPage({ id }: { readonly id: string }) {
  const { t } = useTranslation('token');
  const device = useDevice();
  const token = useDeviceView().tokens.find((one) => one.id === id);
  if (!token) return null;
  return (
    <Page>
      <Heading>{nameOf(token)}</Heading>
      <p>{t('enrol.unconfirmed')}</p>
      <CredentialForm
        submit={t('enrol.confirm')}
        act={(credential) => device.confirm(token, credential)}
        onDone={() => goTo('codes')}
      />
    </Page>
  );
}

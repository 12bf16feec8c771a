import { useTranslation } from 'react-i18next';
import { Page } from '../../shell/page.tsx';
import { MessageKeys } from './message-keys.tsx';
import { Passkeys } from './passkeys.tsx';
import { Password } from './password.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';
import { Sessions } from './sessions.tsx';

export function SecurityPage() {
  const { t } = useTranslation('console');
  return (
    <Page title={t('security.title')}>
      <Password />
      <RecoveryCodes />
      <Passkeys />
      <MessageKeys />
      <Sessions />
    </Page>
  );
}

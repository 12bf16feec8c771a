import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CheckIcon } from '../../../design/icons.tsx';
import { Seal } from '../../../design/seal.tsx';
import { goTo } from '../../../routing/use-route.ts';
import type { TokenRecord } from '../../device/storage.ts';
import { useDeviceView } from '../device-context.tsx';
import { InstallHint } from '../install/install-hint.tsx';
import { Page } from '../page.tsx';
import { Button } from '../parts/button.tsx';
import { Heading } from '../parts/heading.tsx';
import { Notice } from '../parts/notice.tsx';
import styles from '../parts/outcome.module.css';
import { CodeForm } from './code-form.tsx';
import { ProtectionForm } from './protection-form.tsx';

/** From a one-time code to a token that was confirmed by its first code. */
export function EnrolPage({ linked }: { readonly linked: string | undefined }) {
  const { t } = useTranslation('token');
  const [chosen, setChosen] = useState<{ readonly code: string; readonly label: string }>();
  const [done, setDone] = useState<TokenRecord>();
  const { erased } = useDeviceView();
  return (
    <Page>
      {done ? (
        <Done token={done} />
      ) : (
        <>
          <div className={styles.outcome}>
            <Seal size={56} />
            <Heading key={chosen ? 'protect' : 'welcome'}>
              {chosen ? t('enrol.protect') : t('enrol.welcome')}
            </Heading>
            {!chosen && <p>{t('enrol.lead')}</p>}
          </div>
          {!chosen && <InstallHint place="welcome" />}
          {erased && !chosen && <Notice kind="danger">{t('unlock.erased')}</Notice>}
          {chosen ? (
            <ProtectionForm {...chosen} onDone={setDone} onBack={() => setChosen(undefined)} />
          ) : (
            <CodeForm linked={linked} onCode={setChosen} />
          )}
        </>
      )}
    </Page>
  );
}

function Done({ token }: { readonly token: TokenRecord }) {
  const { t } = useTranslation('token');
  return (
    <>
      <div className={styles.outcome} role="status">
        <div className={`${styles.mark} ${styles.good}`}>
          <CheckIcon size={44} />
        </div>
        <Heading>{t('enrol.done')}</Heading>
        <p className="sello-text">{t('enrol.done_lead', { username: token.username })}</p>
      </div>
      <Button look="primary" wide onClick={() => goTo('codes')}>
        {t('enrol.done_action')}
      </Button>
    </>
  );
}

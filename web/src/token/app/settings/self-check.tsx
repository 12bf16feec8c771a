import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Standard } from '../../otp/known-answers.ts';
import { Button } from '../parts/button.tsx';
import { Notice } from '../parts/notice.tsx';
import settings from './settings-page.module.css';

/** Runs the published test vectors of the three standards through the code that computes the user's codes. */
export function SelfCheck() {
  const { t } = useTranslation('token');
  const [found, setFound] = useState<readonly Standard[]>();
  async function run() {
    const { knownAnswers } = await import('../../otp/known-answers.ts');
    setFound(knownAnswers());
  }
  const good = found?.every(({ vectors, right }) => vectors > 0 && vectors === right);
  return (
    <>
      <Button onClick={() => void run()}>{t('settings.self_check_run')}</Button>
      {found && (
        <>
          <Notice kind={good ? 'good' : 'danger'}>
            {t(good ? 'settings.self_check_good' : 'settings.self_check_bad')}
          </Notice>
          <ul className={settings.checks}>
            {found.map((standard) => (
              <li key={standard.name}>{t('settings.self_check_result', { ...standard })}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

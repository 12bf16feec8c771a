import { Alert, Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNote } from '../../design/problem-note.tsx';
import { replaceRoute } from '../../routing/use-route.ts';
import { api } from '../../session/server.ts';
import styles from './log-in.module.css';
import { LogInFrame } from './log-in-frame.tsx';
import { NewAccountFields, NO_ACCOUNT } from './new-account-fields.tsx';

/** Creates the first administrator, from the one-time link that a new server prints. */
export function SetUpPage({ code }: { readonly code: string }) {
  const { t } = useTranslation('console');
  const [account, setAccount] = useState(NO_ACCOUNT);
  const [differ, setDiffer] = useState(false);
  const setUp = useMutation({
    mutationFn: () =>
      api('POST /v1/setup', { body: { code, username: account.username, password: account.password } }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = account.password !== account.again;
    setDiffer(wrong);
    if (!wrong && !setUp.isPending) setUp.mutate();
  };
  if (setUp.isSuccess) {
    return (
      <LogInFrame title={t('set_up.done_title')}>
        <div className={styles.form}>
          <Alert color="pine" role="status">
            {t('set_up.done')}
          </Alert>
          <Button onClick={() => replaceRoute('devices', 'enrol')}>{t('set_up.continue')}</Button>
        </div>
      </LogInFrame>
    );
  }
  return (
    <LogInFrame title={t('set_up.title')}>
      <form className={styles.form} onSubmit={submit}>
        <p>{t('set_up.intro')}</p>
        <NewAccountFields value={account} onChange={setAccount} differ={differ} />
        <ProblemNote error={setUp.error} />
        <Button type="submit" loading={setUp.isPending}>
          {t('set_up.submit')}
        </Button>
      </form>
    </LogInFrame>
  );
}

import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNote } from '../../design/problem-note.tsx';
import { hashOf } from '../../routing/hash-route.ts';
import { replaceRoute } from '../../routing/use-route.ts';
import { api, startSession } from '../../session/server.ts';
import styles from './log-in.module.css';
import { NewAccountFields, NO_ACCOUNT } from './new-account-fields.tsx';

/** Registers a user and logs in at once. */
export function RegisterForm() {
  const { t } = useTranslation('console');
  const [account, setAccount] = useState(NO_ACCOUNT);
  const [differ, setDiffer] = useState(false);
  const register = useMutation({
    async mutationFn() {
      const { username, password } = account;
      await api('POST /v1/users', { body: { username, password } });
      return api('POST /v1/browser-sessions', { body: { username, password } });
    },
    onSuccess(session) {
      replaceRoute();
      startSession(session);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = account.password !== account.again;
    setDiffer(wrong);
    if (!wrong && !register.isPending) register.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <NewAccountFields value={account} onChange={setAccount} differ={differ} />
      <ProblemNote error={register.error} />
      <Button type="submit" loading={register.isPending}>
        {t('log_in.register')}
      </Button>
      <p className={styles.other}>
        {t('log_in.log_in_question')} <a href={hashOf()}>{t('log_in.log_in')}</a>
      </p>
    </form>
  );
}

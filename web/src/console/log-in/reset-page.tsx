import { Alert, Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { withoutBlanks } from '../../../../src/domain/otp/typed-code.ts';
import { isProblem } from '../../api/problem.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { replaceRoute } from '../../routing/use-route.ts';
import { api } from '../../session/server.ts';
import { CodeInput } from '../code-input.tsx';
import styles from './log-in.module.css';
import { LogInFrame } from './log-in-frame.tsx';
import { NewPasswordFields } from './new-account-fields.tsx';

/** Sets a new password, from the one-time link of an administrator. Asks for a code where the server wants one. */
export function ResetPage({ reset }: { readonly reset: string }) {
  const { t } = useTranslation('console');
  const [typed, setTyped] = useState({ password: '', again: '' });
  const [code, setCode] = useState('');
  const [coded, setCoded] = useState(false);
  const [differ, setDiffer] = useState(false);
  const set = useMutation({
    mutationFn() {
      const proof = withoutBlanks(code);
      const body = { reset, password: typed.password, ...(proof === '' ? {} : { code: proof }) };
      return api('POST /v1/password-resets', { body });
    },
    onError(error) {
      if (isProblem(error, 'code_required')) setCoded(true);
      setCode('');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = typed.password !== typed.again;
    setDiffer(wrong);
    if (!wrong && !set.isPending) set.mutate();
  };
  if (set.isSuccess) {
    return (
      <LogInFrame title={t('reset.done_title')}>
        <div className={styles.form}>
          <Alert color="pine" role="status">
            {t('reset.done', { username: set.data.username })}
          </Alert>
          <Button onClick={() => replaceRoute()}>{t('set_up.continue')}</Button>
        </div>
      </LogInFrame>
    );
  }
  return (
    <LogInFrame title={t('reset.title')}>
      <form className={styles.form} onSubmit={submit}>
        <p>{t('reset.intro')}</p>
        <NewPasswordFields
          label={t('security.password_new')}
          value={typed}
          onChange={setTyped}
          differ={differ}
        />
        {coded && (
          <CodeInput
            label={t('security.passkey_code')}
            description={t('reset.code_hint')}
            value={code}
            onChange={setCode}
            refusal={set.error}
            required
          />
        )}
        <ProblemNote error={isProblem(set.error, 'code_required') ? null : set.error} />
        <Button type="submit" loading={set.isPending}>
          {t('reset.submit')}
        </Button>
      </form>
    </LogInFrame>
  );
}

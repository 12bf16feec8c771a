import { Alert, Button, PasswordInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { withoutBlanks } from '../../../../src/domain/otp/typed-code.ts';
import { isProblem } from '../../api/problem.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { useRefusedFocus } from '../../design/use-refused-focus.ts';
import { api } from '../../session/server.ts';
import { Card } from '../../shell/page.tsx';
import { CodeInput } from '../code-input.tsx';
import { useTokens } from '../devices/use-tokens.ts';
import { NewPasswordFields } from '../log-in/new-account-fields.tsx';
import styles from './security.module.css';

const NOTHING = { old: '', password: '', again: '', code: '' };

/** Changes the password: by the old one and, where the user has a token, its code. Other sessions end. */
export function Password() {
  const { t } = useTranslation('console');
  const queryClient = useQueryClient();
  const tokens = useTokens();
  const [typed, setTyped] = useState(NOTHING);
  const [differ, setDiffer] = useState(false);
  const change = useMutation({
    mutationFn() {
      const code = withoutBlanks(typed.code);
      return api('POST /v1/users/current/password', {
        body: {
          old_password: typed.old,
          password: typed.password,
          ...(code === '' ? {} : { code }),
        },
      });
    },
    onSuccess() {
      setTyped(NOTHING);
      return queryClient.invalidateQueries({ queryKey: ['sessions'] });
    },
    onError: () => setTyped((before) => ({ ...before, code: '' })),
  });
  const oldPassword = useRefusedFocus(isProblem(change.error, 'credentials_invalid') ? change.error : null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = typed.password !== typed.again;
    setDiffer(wrong);
    if (!wrong && !change.isPending) change.mutate();
  };
  const coded =
    tokens.data?.some(({ status }) => status === 'active') || isProblem(change.error, 'code_required');
  return (
    <Card title={t('security.password')}>
      <p className={styles.intro}>{t('security.password_intro')}</p>
      <form className={styles.form} onSubmit={submit}>
        <PasswordInput
          ref={oldPassword}
          label={t('security.password_old')}
          value={typed.old}
          onChange={({ currentTarget }) => setTyped({ ...typed, old: currentTarget.value })}
          autoComplete="current-password"
          required
          maxLength={1024}
          visibilityToggleButtonProps={{ 'aria-label': t('log_in.password_show') }}
        />
        <NewPasswordFields
          label={t('security.password_new')}
          value={typed}
          onChange={(next) => setTyped({ ...typed, ...next })}
          differ={differ}
        />
        {coded && (
          <CodeInput
            label={t('security.passkey_code')}
            description={t('security.password_code_hint')}
            value={typed.code}
            onChange={(code) => setTyped({ ...typed, code })}
            refusal={isProblem(change.error, 'credentials_invalid') ? null : change.error}
          />
        )}
        <ProblemNote error={change.error} />
        {change.isSuccess && (
          <Alert color="pine" role="status">
            {t('security.password_done')}
          </Alert>
        )}
        <Button type="submit" variant="default" loading={change.isPending}>
          {t('security.password_submit')}
        </Button>
      </form>
    </Card>
  );
}

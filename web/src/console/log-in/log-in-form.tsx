import { Alert, Anchor, Button, PasswordInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isProblem } from '../../api/problem.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { useRefusedFocus } from '../../design/use-refused-focus.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { api, sessionEnd, startSession } from '../../session/server.ts';
import { CodeOrRecoveryInput, NO_CODE, shownCode } from '../code-or-recovery-input.tsx';
import styles from './log-in.module.css';
import { PasskeyLogIn } from './passkey-log-in.tsx';
import { UsernameInput } from './username-input.tsx';

/** Remembers that log-ins of this browser show a code beside the password. */
const BESIDE_KEY = 'sello-log-in-code-beside';

/**
 * Asks for the password, then for a code if the account has a token; or for a passkey instead of both. Where the server tells
 * nobody that a password was right (`profile: psd2`), it does not ask: the code is entered beside the password.
 */
export function LogInForm() {
  const { t } = useTranslation('console');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState(NO_CODE);
  const [coded, setCoded] = useState(false);
  const [beside, setBeside] = useState(() => localStorage.getItem(BESIDE_KEY) !== null);
  const shows = coded || (beside && code.text !== '');
  const logIn = useMutation({
    mutationFn: () =>
      api('POST /v1/browser-sessions', {
        body: { username, password, ...(shows ? shownCode(code) : {}) },
      }),
    onSuccess: (session) => {
      if (beside && shows) localStorage.setItem(BESIDE_KEY, '1');
      startSession(session);
    },
    onError: (error) => {
      if (isProblem(error, 'code_required')) setCoded(true);
      else if (shows) setCode({ ...code, text: '' });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!logIn.isPending) logIn.mutate();
  };
  const error = isProblem(logIn.error, 'code_required') ? null : logIn.error;
  const passwordInput = useRefusedFocus(coded ? null : error);
  return (
    <form className={styles.form} onSubmit={submit}>
      {sessionEnd && !coded && !error && (
        <Alert color={sessionEnd === 'ended' ? 'yellow' : 'pine'} role="status">
          {t(sessionEnd === 'ended' ? 'log_in.ended' : 'log_in.left')}
        </Alert>
      )}
      {coded ? (
        <>
          <p className="sello-text">
            <strong>{username}</strong>
            <br />
            {t('log_in.code_needed')}
          </p>
          <CodeOrRecoveryInput
            label={t('log_in.code')}
            description={t('log_in.code_hint')}
            value={code}
            onChange={setCode}
            refusal={error}
            autoFocus
            required
            styles={{
              input: { fontSize: '1.375rem', letterSpacing: '0.12em', fontVariantNumeric: 'tabular-nums' },
            }}
          />
        </>
      ) : (
        <>
          <UsernameInput value={username} onChange={setUsername} />
          <PasswordInput
            ref={passwordInput}
            label={t('log_in.password')}
            value={password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
            autoComplete="current-password"
            required
            maxLength={1024}
            visibilityToggleButtonProps={{ 'aria-label': t('log_in.password_show') }}
          />
          {beside ? (
            <CodeOrRecoveryInput
              label={t('log_in.code')}
              description={t('log_in.code_beside_hint')}
              value={code}
              onChange={setCode}
              autoFocus={username !== ''}
            />
          ) : (
            <Anchor component="button" type="button" onClick={() => setBeside(true)}>
              {t('log_in.code_beside')}
            </Anchor>
          )}
        </>
      )}
      <ProblemNote error={error} />
      <Button type="submit" loading={logIn.isPending}>
        {t(coded ? 'log_in.code_submit' : 'log_in.log_in')}
      </Button>
      {coded ? (
        <Button
          variant="subtle"
          onClick={() => {
            setCoded(false);
            setCode(NO_CODE);
            setPassword('');
            logIn.reset();
          }}
        >
          {t('log_in.other_user')}
        </Button>
      ) : (
        <>
          <PasskeyLogIn />
          <p className={styles.other}>
            {t('log_in.register_question')} <a href={hashOf('register')}>{t('log_in.register')}</a>
          </p>
        </>
      )}
    </form>
  );
}

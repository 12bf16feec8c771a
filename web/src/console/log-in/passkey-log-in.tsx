import { Alert, Button } from '@mantine/core';
import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
} from '@simplewebauthn/browser';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { PasskeyAuthenticationResponse } from '../../api/operations.ts';
import { ConnectionLost, ProblemError } from '../../api/problem.ts';
import { KeyIcon } from '../../design/icons.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api, startSession } from '../../session/server.ts';
import styles from './log-in.module.css';

/** Logs in by passkey. Renders nothing in a browser without passkeys. */
export function PasskeyLogIn() {
  const { t } = useTranslation('console');
  const logIn = useMutation({
    async mutationFn() {
      const options = await api('POST /v1/passkeys/challenges', { body: {} });
      const response = await startAuthentication({
        optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON,
      });
      return api('POST /v1/browser-sessions/passkey', {
        body: { response: response as unknown as PasskeyAuthenticationResponse },
      });
    },
    onSuccess: startSession,
  });
  if (!browserSupportsWebAuthn()) return null;
  const { error } = logIn;
  const ofServer = error instanceof ProblemError || error instanceof ConnectionLost;
  return (
    <>
      <p className={styles.or}>{t('log_in.or')}</p>
      {ofServer && <ProblemNote error={error} />}
      {error && !ofServer && (
        <Alert color="yellow" role="alert">
          {t('log_in.passkey_cancelled')}
        </Alert>
      )}
      <Button
        variant="default"
        leftSection={<KeyIcon />}
        loading={logIn.isPending}
        onClick={() => logIn.mutate()}
      >
        {t('log_in.passkey')}
      </Button>
    </>
  );
}

import { Alert, Button, TextInput } from '@mantine/core';
import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
} from '@simplewebauthn/browser';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { withoutBlanks } from '../../../src/domain/otp/typed-code.ts';
import type { PasskeyAuthenticationResponse } from '../api/operations.ts';
import { ConnectionLost, ProblemError } from '../api/problem.ts';
import { Dialog } from '../design/dialog.tsx';
import { DialogActions } from '../design/dialog-actions.tsx';
import { KeyIcon } from '../design/icons.tsx';
import { ProblemNote } from '../design/problem-note.tsx';
import { useRefusedFocus } from '../design/use-refused-focus.ts';
import { plainApi } from './server.ts';
import { type StepUp, stepUps } from './step-up.ts';
import styles from './step-up-dialog.module.css';

/** Asks for a code or a passkey while a request waits for one. */
export function StepUpDialog() {
  const waiting = useSyncExternalStore(stepUps.subscribe, stepUps.current);
  return waiting ? <Asking waiting={waiting} /> : null;
}

function Asking({ waiting: { codes, send, end } }: { readonly waiting: StepUp }) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const show = useMutation({
    mutationFn: async (by: 'code' | 'passkey') =>
      by === 'code' ? send({ code: withoutBlanks(code) }) : send({ passkey: await assertion() }),
    onSuccess: () => end(true),
    onError: () => setCode(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!show.isPending) show.mutate('code');
  };
  const { error } = show;
  const codeInput = useRefusedFocus(error);
  const ofServer = error instanceof ProblemError || error instanceof ConnectionLost;
  const pending = (by: 'code' | 'passkey') => show.isPending && show.variables === by;
  return (
    <Dialog opened onClose={() => end(false)} title={t('step_up.title')} look="sheet" wide>
      <form className={styles.form} onSubmit={submit}>
        <p>{t(codes ? 'step_up.intro' : 'step_up.intro_passkey')}</p>
        {codes && (
          <TextInput
            ref={codeInput}
            label={t('step_up.code')}
            description={t('step_up.code_hint')}
            value={code}
            onChange={({ currentTarget }) => setCode(currentTarget.value)}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={16}
            required
          />
        )}
        {ofServer && <ProblemNote error={error} />}
        {error && !ofServer && (
          <Alert color="yellow" role="alert">
            {t('step_up.passkey_cancelled')}
          </Alert>
        )}
        <DialogActions>
          <Button variant="default" onClick={() => end(false)}>
            {t('cancel')}
          </Button>
          {browserSupportsWebAuthn() && (
            <Button
              variant={codes ? 'default' : 'filled'}
              leftSection={<KeyIcon />}
              loading={pending('passkey')}
              onClick={() => show.mutate('passkey')}
            >
              {t('step_up.passkey')}
            </Button>
          )}
          {codes && (
            <Button type="submit" loading={pending('code')}>
              {t('step_up.submit')}
            </Button>
          )}
        </DialogActions>
      </form>
    </Dialog>
  );
}

async function assertion(): Promise<PasskeyAuthenticationResponse> {
  const options = await plainApi('POST /v1/sessions/current/proof/options', { body: {} });
  const response = await startAuthentication({
    optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON,
  });
  return response as unknown as PasskeyAuthenticationResponse;
}

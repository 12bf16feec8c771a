import { Alert, Button, TextInput } from '@mantine/core';
import { type PublicKeyCredentialCreationOptionsJSON, startRegistration } from '@simplewebauthn/browser';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clientName } from '../../../../src/domain/client-name.ts';
import { withoutBlanks } from '../../../../src/domain/otp/typed-code.ts';
import type { PasskeyRegistrationResponse } from '../../api/operations.ts';
import { ConnectionLost, isProblem, ProblemError } from '../../api/problem.ts';
import { Dialog } from '../../design/dialog.tsx';
import { DialogActions } from '../../design/dialog-actions.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import { CodeInput } from '../code-input.tsx';
import { useTokens } from '../devices/use-tokens.ts';
import styles from './security.module.css';

/** Creates a passkey in this browser and registers it. A user with a token confirms by its code. */
export function AddPasskey({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const { t } = useTranslation('console');
  const common = useTranslation().t;
  const queryClient = useQueryClient();
  const tokens = useTokens();
  const [label, setLabel] = useState(() => clientName(navigator.userAgent));
  const [code, setCode] = useState('');
  const add = useMutation({
    async mutationFn() {
      const options = await api('POST /v1/passkeys/options', { body: {} });
      const response = await startRegistration({
        optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON,
      });
      const proof = withoutBlanks(code);
      return api('POST /v1/passkeys', {
        body: {
          response: response as unknown as PasskeyRegistrationResponse,
          label,
          ...(proof === '' ? {} : { code: proof }),
        },
      });
    },
    async onSuccess() {
      close();
      await queryClient.invalidateQueries({ queryKey: ['passkeys'] });
    },
    onError: () => setCode(''),
  });
  const close = () => {
    add.reset();
    setCode('');
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!add.isPending) add.mutate();
  };
  const { error } = add;
  const ofServer = error instanceof ProblemError || error instanceof ConnectionLost;
  const coded = tokens.data?.some(({ status }) => status === 'active') || isProblem(error, 'code_required');
  return (
    <Dialog opened={opened} onClose={close} title={t('security.passkey_add_title')}>
      <form className={styles.form} onSubmit={submit}>
        <TextInput
          label={t('security.passkey_label')}
          description={t('security.passkey_label_hint')}
          value={label}
          onChange={({ currentTarget }) => setLabel(currentTarget.value)}
          maxLength={60}
          required
        />
        {coded && (
          <CodeInput
            label={t('security.passkey_code')}
            description={t('security.passkey_code_hint')}
            value={code}
            onChange={setCode}
            refusal={error}
          />
        )}
        {ofServer && <ProblemNote error={error} />}
        {error && !ofServer && (
          <Alert color="yellow" role="alert">
            {t('security.passkey_failed')}
          </Alert>
        )}
        <DialogActions>
          <Button variant="default" onClick={close}>
            {common('cancel')}
          </Button>
          <Button type="submit" loading={add.isPending}>
            {t('security.passkey_submit')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

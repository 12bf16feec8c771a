import { Alert, Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { withoutBlanks } from '../../../../src/domain/otp/typed-code.ts';
import { Dialog } from '../../design/dialog.tsx';
import { DialogActions } from '../../design/dialog-actions.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import { CodeInput } from '../code-input.tsx';
import styles from './enrol-page.module.css';

/** Takes up a token that showed many codes which were not used, by two of its codes. */
export function ResyncDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { t } = useTranslation('console');
  const common = useTranslation().t;
  const queryClient = useQueryClient();
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const resync = useMutation({
    mutationFn: () =>
      api('POST /v1/tokens/{id}/resynchronisation', {
        path: { id },
        body: { codes: [withoutBlanks(first), withoutBlanks(second)] },
      }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['tokens'] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!resync.isPending) resync.mutate();
  };
  if (resync.isSuccess)
    return (
      <Dialog onClose={onClose} title={t('devices.resync_title')}>
        <Alert color="pine" role="status">
          {t('devices.resync_done')}
        </Alert>
        <DialogActions mt="lg">
          <Button onClick={onClose}>{common('close')}</Button>
        </DialogActions>
      </Dialog>
    );
  return (
    <Dialog opened onClose={onClose} title={t('devices.resync_title')}>
      <form className={styles.form} onSubmit={submit}>
        <p>{t('devices.resync_intro')}</p>
        <CodeInput
          label={t('devices.resync_first')}
          value={first}
          onChange={setFirst}
          refusal={resync.error}
          required
        />
        <CodeInput label={t('devices.resync_second')} value={second} onChange={setSecond} required />
        <ProblemNote error={resync.error} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
          <Button type="submit" loading={resync.isPending}>
            {t('devices.resync')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

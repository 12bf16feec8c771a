import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/api.ts';
import type { WebhookSecret } from '../../api/operations.ts';
import { Dialog } from '../../design/dialog.tsx';
import { DialogActions } from '../../design/dialog-actions.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import styles from './events.module.css';
import { TypesInput, typesOf } from './types-input.tsx';

const URL_LENGTH_MAX = 2_048;

export function CreateWebhook({
  onSecret,
  onClose,
}: {
  readonly onSecret: (made: WebhookSecret) => void;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('operator');
  const common = useTranslation().t;
  const [url, setUrl] = useState('');
  const [types, setTypes] = useState('');
  // The same content is the same request, so a repeat fetches an answer that was lost.
  // biome-ignore lint/correctness/useExhaustiveDependencies: other content is another request
  const key = useMemo(() => idempotencyKey(), [url, types]);
  const create = useMutation({
    mutationFn: () =>
      api(
        'POST /v1/admin/webhooks',
        { body: { url: url.trim(), types: typesOf(types) } },
        { idempotencyKey: key },
      ),
    onSuccess: onSecret,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  return (
    <Dialog opened onClose={onClose} title={t('events.create_title')}>
      <form className={styles.form} onSubmit={submit}>
        <TextInput
          label={t('events.url')}
          description={t('events.url_hint')}
          placeholder="https://shop.example/hooks"
          type="url"
          value={url}
          onChange={({ currentTarget }) => setUrl(currentTarget.value)}
          maxLength={URL_LENGTH_MAX}
          autoComplete="off"
          spellCheck={false}
          required
        />
        <TypesInput value={types} onChange={setTypes} />
        <ProblemNote error={create.error} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
          <Button type="submit" loading={create.isPending}>
            {t('events.create_confirm')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

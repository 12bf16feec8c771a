import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/api.ts';
import type { ServiceKey } from '../../api/operations.ts';
import { Dialog } from '../../design/dialog.tsx';
import { DialogActions } from '../../design/dialog-actions.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import { ExpiryChoice, expiryOf, type KeyDays } from './expiry-choice.tsx';
import { ScopeChoice } from './scope-choice.tsx';
import type { Scope } from './scopes.ts';
import styles from './services.module.css';

const NAME_LENGTH_MAX = 64;

export function CreateService({
  onKey,
  onClose,
}: {
  readonly onKey: (key: ServiceKey) => void;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('operator');
  const common = useTranslation().t;
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>([]);
  const [days, setDays] = useState<KeyDays>();
  // The same content is the same request, so a repeat fetches an answer that was lost.
  // biome-ignore lint/correctness/useExhaustiveDependencies: other content is another request
  const once = useMemo(() => ({ key: idempotencyKey(), expiry: expiryOf(days) }), [name, scopes, days]);
  const create = useMutation({
    mutationFn: () =>
      api(
        'POST /v1/admin/services',
        { body: { name, scopes, ...once.expiry } },
        { idempotencyKey: once.key },
      ),
    onSuccess: onKey,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!create.isPending && scopes.length > 0) create.mutate();
  };
  return (
    <Dialog opened onClose={onClose} title={t('services.create_title')}>
      <form className={styles.form} onSubmit={submit}>
        <TextInput
          label={t('services.name')}
          description={t('services.name_hint')}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
          pattern="[a-z0-9._\-]+"
          maxLength={NAME_LENGTH_MAX}
          autoComplete="off"
          spellCheck={false}
          required
        />
        <ScopeChoice chosen={scopes} onChange={setScopes} />
        <ExpiryChoice chosen={days} onChange={setDays} />
        <ProblemNote error={create.error} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
          <Button type="submit" loading={create.isPending} disabled={scopes.length === 0}>
            {t('services.create_confirm')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Service } from '../../api/operations.ts';
import { Dialog } from '../../design/dialog.tsx';
import { DialogActions } from '../../design/dialog-actions.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import { ScopeChoice } from './scope-choice.tsx';
import { knownScopes, type Scope } from './scopes.ts';
import styles from './services.module.css';

export function EditScopes({
  service,
  onClose,
}: {
  readonly service: Service;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('operator');
  const common = useTranslation().t;
  const queryClient = useQueryClient();
  const { name } = service;
  const [scopes, setScopes] = useState<readonly Scope[]>(() => knownScopes(service.scopes));
  const save = useMutation({
    mutationFn: () => api('PUT /v1/admin/services/{name}/scopes', { path: { name }, body: { scopes } }),
    async onSuccess() {
      await queryClient.invalidateQueries({ queryKey: ['operator', 'services'] });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending && scopes.length > 0) save.mutate();
  };
  return (
    <Dialog opened onClose={onClose} title={t('services.edit_title', { name })}>
      <form className={styles.form} onSubmit={submit}>
        <ScopeChoice chosen={scopes} onChange={setScopes} />
        <ProblemNote error={save.error} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {common('cancel')}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={scopes.length === 0}>
            {t('services.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

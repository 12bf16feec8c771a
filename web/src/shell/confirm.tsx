import { Button } from '@mantine/core';
import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../design/dialog.tsx';
import { DialogActions } from '../design/dialog-actions.tsx';
import { ProblemNote } from '../design/problem-note.tsx';

/** Asks before an action that cannot be undone. Stays open until the action succeeds, and shows why it failed. */
export function Confirm({
  opened,
  title,
  text,
  confirm,
  action,
  onClose,
  children,
}: {
  readonly opened: boolean;
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  readonly action: Pick<
    UseMutationResult<unknown, unknown, void>,
    'mutate' | 'isPending' | 'error' | 'reset'
  >;
  readonly onClose: () => void;
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation();
  const close = () => {
    action.reset();
    onClose();
  };
  return (
    <Dialog opened={opened} onClose={close} title={title}>
      <p className="sello-text">{text}</p>
      {children}
      <ProblemNote error={action.error} />
      <DialogActions mt="lg">
        <Button variant="default" onClick={close}>
          {t('cancel')}
        </Button>
        <Button color="red" loading={action.isPending} onClick={() => action.mutate()}>
          {confirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

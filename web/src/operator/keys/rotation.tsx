import { Alert, Button, Checkbox } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/api.ts';
import { CheckIcon, WarningIcon } from '../../design/icons.tsx';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Card } from '../../shell/page.tsx';
import styles from './keys-page.module.css';

/** A rotation wraps every seed one by one. Unit: ms */
const ROTATION_TIME_MS = 300_000;

export function Rotation() {
  const { t } = useTranslation('operator');
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [keepOld, setKeepOld] = useState(false);
  const rotate = useMutation({
    mutationFn: () =>
      api(
        'POST /v1/admin/keys/rotation',
        { body: { keep_old: keepOld } },
        { idempotencyKey: idempotencyKey(), timeMs: ROTATION_TIME_MS },
      ),
    onSuccess() {
      setAsking(false);
      return queryClient.invalidateQueries({ queryKey: ['operator', 'keys'] });
    },
  });
  const done = rotate.data;
  return (
    <Card title={t('keys.rotate_card')}>
      <p className={styles.intro}>{t('keys.rotate_text')}</p>
      <div role="status">
        {done && (
          <Alert
            className={styles.done ?? ''}
            color={done.damaged > 0 ? 'yellow' : 'pine'}
            icon={done.damaged > 0 ? <WarningIcon /> : <CheckIcon />}
            title={t('keys.rotated', { version: done.version })}
          >
            {t('keys.rewrapped', { count: done.rewrapped })}{' '}
            {done.damaged > 0 && `${t('keys.damaged', { count: done.damaged })} `}
            {t(done.old_destroyed ? 'keys.old_destroyed' : 'keys.old_kept')}
          </Alert>
        )}
      </div>
      <Button variant="light" color="red" onClick={() => setAsking(true)}>
        {t('keys.rotate')}
      </Button>
      <Confirm
        opened={asking}
        title={t('keys.rotate_title')}
        text={t('keys.rotate_text')}
        confirm={t('keys.rotate_confirm')}
        action={{ ...rotate, mutate: () => rotate.mutate() }}
        onClose={() => setAsking(false)}
      >
        <Checkbox
          label={t('keys.keep_old')}
          description={t('keys.keep_old_hint')}
          checked={keepOld}
          onChange={({ currentTarget }) => setKeepOld(currentTarget.checked)}
        />
        {!keepOld && <p className={styles.warning}>{t('keys.rotate_warning')}</p>}
      </Confirm>
    </Card>
  );
}

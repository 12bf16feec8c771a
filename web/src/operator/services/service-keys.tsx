import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/api.ts';
import type { Service } from '../../api/operations.ts';
import { shownPast } from '../../design/time.ts';
import { useNow } from '../../design/use-now.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import styles from './services.module.css';

/**
 * The live keys of a service, newest first. One of two keys may be revoked; a single key only if the service is
 * disabled.
 */
export function ServiceKeys({ service }: { readonly service: Service }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const now = useNow(30_000);
  const queryClient = useQueryClient();
  // Kept by id: the question stays about the same key when the list changes.
  const [asking, setAsking] = useState<string>();
  const { name, keys, disabled } = service;
  const newest = [...keys].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
  const words = (index: number) => {
    if (keys.length < 2) return 'services.key_only';
    return index === 0 ? 'services.key_newest' : 'services.key_older';
  };
  const revoke = useMutation({
    mutationFn: (key: string) =>
      api(
        'DELETE /v1/admin/services/{name}/keys/{key}',
        { path: { name, key } },
        { idempotencyKey: idempotencyKey() },
      ),
    onSuccess() {
      setAsking(undefined);
      return queryClient.invalidateQueries({ queryKey: ['operator', 'services'] });
    },
  });
  return (
    <>
      {keys.length === 0 && <p className={styles.quiet}>{t('services.key_none')}</p>}
      <ul className={styles.keys}>
        {newest.map(({ id, created_at: at }, index) => (
          <li key={id}>
            <span className="sello-figures">
              {t(words(index), { time: shownPast(at, locale, now) })}{' '}
              <code className={styles.scope}>{id}</code>
            </span>
            {(keys.length > 1 || disabled) && (
              <Button
                variant="light"
                color="red"
                size="sm"
                aria-label={t('services.key_revoke_name', { id, name })}
                onClick={() => setAsking(id)}
              >
                {t('services.key_revoke')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Confirm
        opened={asking !== undefined}
        title={t('services.key_revoke_title', { name })}
        text={t('services.key_revoke_text', { id: asking ?? '' })}
        confirm={t('services.key_revoke_confirm')}
        action={{ ...revoke, mutate: () => asking !== undefined && revoke.mutate(asking) }}
        onClose={() => setAsking(undefined)}
      />
    </>
  );
}

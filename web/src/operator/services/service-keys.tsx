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
import { KeyExpiry } from './key-expiry.tsx';
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
  const asked = keys.find(({ id }) => id === asking);
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
        {newest.map((key, index) => (
          <li key={key.id}>
            <span className="sello-figures">
              <code className={styles.scope}>{nameOf(key)}</code>{' '}
              {t(words(index), { time: shownPast(key.created_at, locale, now) })}
              <br />
              <span className={styles.quiet}>
                {key.last_used_at === null
                  ? t('services.key_unused')
                  : t('services.key_used', { time: shownPast(key.last_used_at, locale, now) })}
              </span>{' '}
              <KeyExpiry expiresAt={key.expires_at} now={now} />
            </span>
            {(keys.length > 1 || disabled) && (
              <Button
                variant="light"
                color="red"
                size="sm"
                aria-label={t('services.key_revoke_name', { id: nameOf(key), name })}
                onClick={() => setAsking(key.id)}
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
        text={t('services.key_revoke_text', { id: asked ? nameOf(asked) : '' })}
        confirm={t('services.key_revoke_confirm')}
        action={{ ...revoke, mutate: () => asking !== undefined && revoke.mutate(asking) }}
        onClose={() => setAsking(undefined)}
      />
    </>
  );
}

/** A key as its holder sees it: a bearer token's beginning, a signing key's thumbprint; its id where neither is known. */
function nameOf({ id, hint }: Service['keys'][number]): string {
  if (hint === null) return id;
  return hint.startsWith('slo_') ? `${hint}…` : hint;
}

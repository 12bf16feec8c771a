import { Alert, Button } from '@mantine/core';
import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import rows from '../../account/rows.module.css';
import { PlusIcon } from '../../design/icons.tsx';
import { shownPast } from '../../design/time.ts';
import { useNow } from '../../design/use-now.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Card } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { AddPasskey } from './add-passkey.tsx';
import styles from './security.module.css';
import { usePasskeys } from './use-passkeys.ts';

export function Passkeys() {
  const { t } = useTranslation('console');
  const [adding, setAdding] = useState(false);
  const query = usePasskeys();
  const supported = browserSupportsWebAuthn();
  return (
    <Card
      title={t('security.passkeys')}
      actions={
        supported && (
          <Button variant="default" leftSection={<PlusIcon size={18} />} onClick={() => setAdding(true)}>
            {t('security.passkey_add')}
          </Button>
        )
      }
    >
      <p className={styles.intro}>{t('security.passkeys_intro')}</p>
      {!supported && <Alert color="yellow">{t('security.passkey_unsupported')}</Alert>}
      <Reading query={query} lines={1}>
        {(passkeys) =>
          passkeys.length === 0 ? (
            <p className={rows.about}>{t('security.passkeys_none')}</p>
          ) : (
            <ul className={rows.rows}>
              {passkeys.map((passkey) => (
                <PasskeyLine key={passkey.id} {...passkey} />
              ))}
            </ul>
          )
        }
      </Reading>
      <AddPasskey opened={adding} onClose={() => setAdding(false)} />
    </Card>
  );
}

function PasskeyLine({
  id,
  label,
  created_at: createdAt,
}: {
  readonly id: string;
  readonly label: string;
  readonly created_at: string;
}) {
  const { t } = useTranslation('console');
  const account = useTranslation('account').t;
  const locale = useLocale();
  const now = useNow(30_000);
  const queryClient = useQueryClient();
  const [deleting, setDeleting] = useState(false);
  const name = label === '' ? account('device.unnamed') : label;
  const remove = useMutation({
    mutationFn: () => api('DELETE /v1/passkeys/{id}', { path: { id } }),
    async onSuccess() {
      setDeleting(false);
      await queryClient.invalidateQueries({ queryKey: ['passkeys'] });
    },
  });
  return (
    <li className={styles.row}>
      <div>
        <p className={`${rows.name} sello-text`}>{name}</p>
        <p className={rows.about}>
          {t('security.passkey_created', { time: shownPast(createdAt, locale, now) })}
        </p>
      </div>
      <Button
        variant="light"
        color="red"
        size="sm"
        aria-label={t('security.passkey_delete_name', { name })}
        onClick={() => setDeleting(true)}
      >
        {t('security.passkey_delete')}
      </Button>
      <Confirm
        opened={deleting}
        title={t('security.passkey_delete_title')}
        text={t('security.passkey_delete_text', { name })}
        confirm={t('security.passkey_delete_confirm')}
        action={remove}
        onClose={() => setDeleting(false)}
      />
    </li>
  );
}

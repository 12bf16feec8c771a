import { Badge, Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clientName } from '../../../../src/domain/client-name.ts';
import rows from '../../account/rows.module.css';
import type { Answer } from '../../api/api.ts';
import { everyPage } from '../../api/pages.ts';
import { shownAge, shownPast } from '../../design/time.ts';
import { useNow } from '../../design/use-now.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Card } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import styles from './security.module.css';

type Session = Answer<'GET /v1/sessions'>['sessions'][number];

/** The user's sessions, including those of token apps and open invitations. */
export function Sessions() {
  const { t } = useTranslation('console');
  const query = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => everyPage((query) => api('GET /v1/sessions', { query }, { signal })),
    select: (pages) => pages.flatMap(({ sessions }) => sessions),
  });
  return (
    <Card title={t('security.sessions')}>
      <p className={styles.intro}>{t('security.sessions_intro')}</p>
      <Reading query={query}>
        {(sessions) => (
          <ul className={rows.rows}>
            {sessions.map((session) => (
              <SessionLine key={session.id} session={session} />
            ))}
          </ul>
        )}
      </Reading>
    </Card>
  );
}

function SessionLine({ session }: { readonly session: Session }) {
  const { t } = useTranslation('console');
  const locale = useLocale();
  const now = useNow(30_000);
  const queryClient = useQueryClient();
  const [ending, setEnding] = useState(false);
  const { id, kind, label, created_at: createdAt, expires_at: expiresAt, current } = session;
  const name =
    kind === 'enrolment'
      ? t('security.session_enrolment')
      : clientName(label) || t('security.session_unknown');
  const end = useMutation({
    mutationFn: () => api('DELETE /v1/sessions/{id}', { path: { id } }),
    async onSuccess() {
      setEnding(false);
      await queryClient.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  return (
    <li className={styles.row}>
      <div>
        <p className={rows.name}>
          <span className="sello-text">{name}</span>
          {current && (
            <Badge color="pine" variant="light" tt="none" fw={600}>
              {t('security.session_current')}
            </Badge>
          )}
        </p>
        <p className={rows.about}>
          {kind !== 'enrolment' && `${t(`security.session_${kind}`)} · `}
          {t('security.session_since', { time: shownPast(createdAt, locale, now) })} ·{' '}
          {t('security.session_until', { time: shownAge(expiresAt, locale, now) })}
        </p>
      </div>
      {!current && (
        <Button
          variant="light"
          color="red"
          size="sm"
          aria-label={t('security.session_end_name', { name })}
          onClick={() => setEnding(true)}
        >
          {t('security.session_end')}
        </Button>
      )}
      <Confirm
        opened={ending}
        title={t('security.session_end_title')}
        text={t('security.session_end_text', { name })}
        confirm={t('security.session_end_confirm')}
        action={end}
        onClose={() => setEnding(false)}
      />
    </li>
  );
}

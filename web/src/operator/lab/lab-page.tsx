import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isProblem } from '../../api/problem.ts';
import { FlaskIcon } from '../../design/icons.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { useLanguage } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { AttackChoice } from './attack-choice.tsx';
import styles from './lab.module.css';
import { VerdictView } from './verdict-view.tsx';

const POLL_MS = 2_000;
/** The longest attack waits for several timeouts of the server. Unit: ms */
const ATTACK_TIME_MS = 180_000;

/** Runs attacks of the server on itself. */
export function LabPage() {
  const { t } = useTranslation('operator');
  const language = useLanguage();
  const query = useQuery({
    queryKey: ['operator', 'lab', language],
    queryFn: ({ signal }) => api('GET /v1/lab/attacks', {}, { signal }),
    refetchInterval: ({ state }) => (state.data?.running ? POLL_MS : false),
  });
  if (isProblem(query.error, 'resource_unknown')) {
    return (
      <Page title={t('lab.title')}>
        <Card>
          <Empty icon={<FlaskIcon size={26} />} title={t('lab.off_title')} text={t('lab.off')} />
        </Card>
      </Page>
    );
  }
  return (
    <Page title={t('lab.title')} intro={t('lab.intro')}>
      <Reading query={query} lines={5}>
        {({ attacks, running }) => <Laboratory attacks={attacks} running={running} />}
      </Reading>
    </Page>
  );
}

interface Attacks {
  readonly attacks: Parameters<typeof AttackChoice>[0]['attacks'];
  readonly running: string | null;
}

function Laboratory({ attacks, running }: Attacks) {
  const { t } = useTranslation('operator');
  const queryClient = useQueryClient();
  const [name, setName] = useState(attacks[0]?.name ?? '');
  const attack = useMutation({
    mutationFn: (chosen: string) =>
      api('POST /v1/lab/attacks/{name}', { path: { name: chosen }, body: {} }, { timeMs: ATTACK_TIME_MS }),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ['operator', 'lab'] }),
  });
  const verdict = attack.data;
  return (
    <>
      <Card>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (!attack.isPending) attack.mutate(name);
          }}
        >
          <AttackChoice attacks={attacks} chosen={name} onChange={setName} />
          <div>
            <Button
              type="submit"
              leftSection={<FlaskIcon size={18} />}
              loading={attack.isPending}
              disabled={running !== null && !attack.isPending}
            >
              {t('lab.run')}
            </Button>
          </div>
        </form>
        <p className={styles.running} role="status">
          {attack.isPending && t('lab.running')}
          {!attack.isPending && running !== null && t('lab.running_other', { name: running })}
        </p>
        <ProblemNote error={attack.error} />
      </Card>
      {verdict && !attack.isPending && <VerdictView verdict={verdict} />}
    </>
  );
}

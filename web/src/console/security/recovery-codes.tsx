import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { withoutBlanks } from '../../../../src/domain/otp/typed-code.ts';
import invitation from '../../account/invitation.module.css';
import { isProblem } from '../../api/problem.ts';
import { CopyButton } from '../../design/copy-button.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import { Card } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { CodeInput } from '../code-input.tsx';
import styles from './security.module.css';

export function useRecoveryCodes() {
  return useQuery({
    queryKey: ['recovery-codes'],
    queryFn: ({ signal }) => api('GET /v1/recovery-codes', {}, { signal }),
  });
}

/** How many recovery codes are left, and new ones, which are shown once. */
export function RecoveryCodes() {
  const { t } = useTranslation('console');
  const queryClient = useQueryClient();
  const query = useRecoveryCodes();
  const [code, setCode] = useState('');
  const make = useMutation({
    mutationFn() {
      const proof = withoutBlanks(code);
      return api('POST /v1/recovery-codes', { body: proof === '' ? {} : { code: proof } });
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['recovery-codes'] }),
    onSettled: () => setCode(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!make.isPending) make.mutate();
  };
  return (
    <Card title={t('recovery_codes.title')}>
      <p className={styles.intro}>{t('recovery_codes.intro')}</p>
      <Reading query={query}>{({ left }) => <p>{t('recovery_codes.left', { count: left })}</p>}</Reading>
      {make.data && (
        <div className={`${invitation.invitation} ${styles.made}`} role="status">
          <p>{t('recovery_codes.made')}</p>
          <code className={invitation.code}>
            {make.data.codes.map((each) => (
              <span key={each}>
                {each}
                <br />
              </span>
            ))}
          </code>
          <CopyButton text={make.data.codes.join('\n')} label={t('recovery_codes.copy')} />
        </div>
      )}
      <form className={styles.form} onSubmit={submit}>
        <CodeInput
          label={t('security.passkey_code')}
          description={t('recovery_codes.code_hint')}
          value={code}
          onChange={setCode}
          refusal={make.error}
        />
        <ProblemNote error={isProblem(make.error, 'proof_required') ? null : make.error} />
        <Button type="submit" variant="default" loading={make.isPending}>
          {t('recovery_codes.make')}
        </Button>
      </form>
    </Card>
  );
}

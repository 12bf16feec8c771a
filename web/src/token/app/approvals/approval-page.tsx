import { useTranslation } from 'react-i18next';
import { useDeviceView } from '../device-context.tsx';
import { Page } from '../page.tsx';
import { ApprovalForm } from './approval-form.tsx';
import { ApprovalOutcome } from './approval-outcome.tsx';
import { useFound } from './use-found-transaction.ts';

// Why: docs/DECISIONS.md#refusing-asks-for-no-pin
export function ApprovalPage({ id }: { readonly id: string }) {
  const { t } = useTranslation('token');
  const { feeds } = useDeviceView();
  const found = useFound(id);
  const loading = feeds.some((feed) => feed.loading);
  const unread = feeds.some((feed) => feed.state !== 'open' || feed.error !== undefined);
  return (
    <Page back="approvals" tall>
      {found ? (
        <ApprovalForm key={id} {...found} />
      ) : loading ? (
        <p role="status">{t('approvals.loading')}</p>
      ) : (
        <ApprovalOutcome ending={{ kind: unread ? 'unreachable' : 'gone' }} />
      )}
    </Page>
  );
}

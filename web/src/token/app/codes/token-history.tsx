import { useTranslation } from 'react-i18next';
import { shownTime } from '../../../design/time.ts';
import { useLocale } from '../../../i18n/texts.ts';
import { Button } from '../parts/button.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemText } from '../parts/problem-text.tsx';
import details from './token-details.module.css';
import type { Uses } from './use-uses.ts';

const REASONS = ['code_wrong', 'code_spent', 'locked'] as const;

export function TokenHistory({ uses }: { readonly uses: Uses }) {
  const { t } = useTranslation('token');
  const locale = useLocale();
  if (uses.error !== undefined && uses.list.length === 0)
    return (
      <>
        <Notice kind="warning">{t('details.history_failed')}</Notice>
        <ProblemText error={uses.error} />
      </>
    );
  if (uses.list.length === 0) return <p>{uses.loading ? '…' : t('details.history_none')}</p>;
  return (
    <>
      <ul className={details.uses}>
        {uses.list.map((use) => {
          const reason = REASONS.find((one) => one === use.reason) ?? 'other';
          return (
            <li key={use.key}>
              <span>
                <strong>{t(`details.for.${use.for}`)}</strong>
                <time dateTime={use.at}>{shownTime(use.at, locale)}</time>
              </span>
              <span className={use.accepted ? details.good : details.bad}>
                {use.accepted
                  ? t('details.accepted')
                  : `${t('details.refused')}: ${t(`details.reason.${reason}`)}`}
              </span>
            </li>
          );
        })}
      </ul>
      {uses.more && (
        <Button onClick={uses.more} disabled={uses.loading}>
          {t('details.more')}
        </Button>
      )}
    </>
  );
}

import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../../design/dialog.tsx';
import { shownTime } from '../../../design/time.ts';
import { useLocale } from '../../../i18n/texts.ts';
import type { TokenRecord } from '../../device/storage.ts';
import { useDevice } from '../device-context.tsx';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import form from '../parts/form.module.css';
import { Heading } from '../parts/heading.tsx';
import { Notice } from '../parts/notice.tsx';
import { nameOf } from '../token-name.ts';
import details from './token-details.module.css';
import { TokenHistory } from './token-history.tsx';
import { type Uses, useUses } from './use-uses.ts';

export function TokenDetails({
  token,
  onRemoved,
}: {
  readonly token: TokenRecord;
  readonly onRemoved: (revoked: boolean) => void;
}) {
  const { t } = useTranslation('token');
  const device = useDevice();
  const locale = useLocale();
  const uses = useUses(token);
  const [dialog, setDialog] = useState<'rename' | 'remove'>();
  const [label, setLabel] = useState(token.label);
  const [busy, setBusy] = useState(false);

  async function remove() {
    setBusy(true);
    onRemoved(await device.remove(token));
  }

  return (
    <>
      <Heading className="sello-text">{nameOf(token)}</Heading>
      <dl className={details.list}>
        <Row name={t('details.user')}>
          <span className="sello-text">{token.username}</span>
        </Row>
        <Row name={t('details.enrolled')}>
          {shownTime(new Date(token.enrolledAtMs).toISOString(), locale)}
        </Row>
        {uses.summary && <Summary summary={uses.summary} />}
      </dl>
      {uses.summary?.lockedUntil !== undefined && (
        <Notice kind="warning">
          {t('details.locked', { time: shownTime(uses.summary.lockedUntil, locale) })}
        </Notice>
      )}
      <h2>{t('details.history')}</h2>
      <TokenHistory uses={uses} />
      <div className={form.actions}>
        <Button onClick={() => setDialog('rename')}>{t('details.rename')}</Button>
        <Button look="danger" onClick={() => setDialog('remove')}>
          {t('details.remove')}
        </Button>
      </div>
      {dialog === 'rename' && (
        <Dialog look="sheet" title={t('details.rename')} onClose={() => setDialog(undefined)}>
          <form
            className={form.form}
            onSubmit={(event) => {
              event.preventDefault();
              void device.rename(token, label.trim()).then(() => setDialog(undefined));
            }}
          >
            <Field
              label={t('details.rename_label')}
              value={label}
              maxLength={30}
              onChange={(event) => setLabel(event.target.value)}
            />
            <Button look="primary" type="submit">
              {t('details.save')}
            </Button>
          </form>
        </Dialog>
      )}
      {dialog === 'remove' && (
        <Dialog look="sheet" title={t('details.remove_title')} onClose={() => setDialog(undefined)}>
          <p>{t('details.remove_lead')}</p>
          <div className={form.actions}>
            <Button look="danger" disabled={busy} onClick={() => void remove()}>
              {t('details.remove_confirm')}
            </Button>
            <Button look="quiet" onClick={() => setDialog(undefined)}>
              {t('cancel')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Row({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Summary({ summary }: { readonly summary: NonNullable<Uses['summary']> }) {
  const { t } = useTranslation('token');
  const locale = useLocale();
  const { count, lastUsedAt, driftSteps } = summary;
  return (
    <>
      <Row name={t('details.used')}>{count}</Row>
      <Row name={t('details.last_used')}>
        {lastUsedAt === undefined ? t('details.never') : shownTime(lastUsedAt, locale)}
      </Row>
      {driftSteps !== 0 && (
        <Row name={t('details.drift')}>{t('details.drift_steps', { count: driftSteps })}</Row>
      )}
    </>
  );
}

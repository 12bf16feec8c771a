import { useTranslation } from 'react-i18next';
import { ChevronRightIcon, PhoneIcon, PlusIcon } from '../../../design/icons.tsx';
import { hashOf } from '../../../routing/hash-route.ts';
import type { TokenRecord } from '../../device/storage.ts';
import { useDevice, useDeviceView, useServerNow, useWaiting } from '../device-context.tsx';
import { InstallHint } from '../install/install-hint.tsx';
import { Page } from '../page.tsx';
import { Heading } from '../parts/heading.tsx';
import { Notice } from '../parts/notice.tsx';
import { Spoken } from '../parts/spoken.tsx';
import { nameOf } from '../token-name.ts';
import { CodeFace } from './code-face.tsx';
import styles from './codes-page.module.css';

/** Short enough for a smooth ring. */
const TICK_MS = 250;

export function CodesPage() {
  const { t } = useTranslation('token');
  const { tokens } = useDeviceView();
  const waiting = useWaiting().length;
  return (
    <Page>
      <Heading className="sello-spoken">{t('codes.title')}</Heading>
      {waiting > 0 && (
        <a className={styles.waiting} href={hashOf('approvals')}>
          <span>{t('codes.waiting', { count: waiting })}</span>
          <strong>
            {t('codes.look')} <ChevronRightIcon />
          </strong>
        </a>
      )}
      <ul className={styles.list}>
        {tokens.map((token) => (
          <li key={token.id} className={styles.token}>
            <TokenCode token={token} />
          </li>
        ))}
      </ul>
      <a className={styles.add} href={hashOf('enrol')}>
        <PlusIcon /> {t('enrol.add')}
      </a>
      <InstallHint place="codes" />
    </Page>
  );
}

function TokenCode({ token }: { readonly token: TokenRecord }) {
  const { t } = useTranslation('token');
  const device = useDevice();
  useServerNow(TICK_MS, token.codes !== undefined);
  const shown = token.status === 'pending' ? undefined : device.shown(token);
  const name = nameOf(token);
  return (
    <>
      <a className={styles.head} href={hashOf('tokens', token.id)}>
        <PhoneIcon />
        <Spoken>{t('codes.details')} </Spoken>
        <span className={styles.names}>
          <strong className="sello-text">{name}</strong>
          {name !== token.username && <span className="sello-text">{token.username}</span>}
        </span>
        <ChevronRightIcon />
      </a>
      {token.status === 'ended' && <Notice kind="danger">{t('codes.ended')}</Notice>}
      {shown && token.codes && (
        <CodeFace
          name={name}
          code={shown.code}
          leftMs={shown.leftMs}
          periodMs={token.codes.periodS * 1000}
          next={shown.next}
        />
      )}
      {token.status === 'active' && !token.codes && <p>{t('codes.none')}</p>}
      {token.status === 'pending' && (
        <Notice kind="warning" action={<a href={hashOf('confirm', token.id)}>{t('enrol.confirm')}</a>}>
          {t('enrol.unconfirmed')}
        </Notice>
      )}
    </>
  );
}

import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { KeyIcon, MailIcon, SettingsIcon, ShieldIcon } from '../../design/icons.tsx';
import { Seal } from '../../design/seal.tsx';
import { useDuration } from '../../design/use-duration.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { useRoute } from '../../routing/use-route.ts';
import { OFFSET_SHOWN_MS, offsetMs } from '../server/clock-offset.ts';
import { useDevice, useDeviceView, useWaiting } from './device-context.tsx';
import { lockEverywhere } from './other-tabs.ts';
import { Button } from './parts/button.tsx';
import { Notice } from './parts/notice.tsx';
import { RecoveryNotices } from './recovery-notices.tsx';
import styles from './shell.module.css';
import { applyUpdate, useUpdate } from './updates.ts';

/** The frame of each page: logo, notices and tabs. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation('token');
  const device = useDevice();
  const { phase, tokens } = useDeviceView();
  const open = phase === 'open';
  return (
    <div className={styles.shell}>
      <header className={styles.head}>
        <span className={styles.mark}>
          <Seal size={28} /> Sello
        </span>
        {open && (
          <Button look="quiet" className={styles.lock} onClick={() => lockEverywhere(device)}>
            {t('lock_now')}
          </Button>
        )}
      </header>
      <div className={styles.states}>
        <Update />
        {open && <Connection />}
        {open && <RecoveryNotices />}
        <Clock />
      </div>
      {children}
      {open && tokens.length > 0 && <Tabs />}
    </div>
  );
}

function Update() {
  const { t } = useTranslation('token');
  const { phase } = useDeviceView();
  const ready = useUpdate();
  // A locked device has nothing under way, so the update is applied at once.
  useEffect(() => {
    if (ready && phase === 'locked') applyUpdate();
  }, [ready, phase]);
  if (!ready) return null;
  return (
    <Notice kind="info" action={<Button onClick={applyUpdate}>{t('state.update_apply')}</Button>}>
      {t('state.update')}
    </Notice>
  );
}

const RECOVERED_MS = 3_000;
/** A stream that comes back within this time is not reported. */
const PATIENCE_MS = 1_500;

function Connection() {
  const { t } = useTranslation('token');
  const device = useDevice();
  const { feeds } = useDeviceView();
  const lost = feeds.some(({ state }) => state === 'lost');
  const [told, setTold] = useState<'lost' | 'recovered'>();
  const was = useRef<typeof told>(undefined);
  was.current = told;
  useEffect(() => {
    const next = lost ? 'lost' : was.current === 'lost' ? 'recovered' : undefined;
    if (next === undefined) return;
    if (next === 'recovered') setTold(next);
    const after = next === 'lost' ? ('lost' as const) : undefined;
    const timer = setTimeout(() => setTold(after), next === 'lost' ? PATIENCE_MS : RECOVERED_MS);
    return () => clearTimeout(timer);
  }, [lost]);
  if (told === 'recovered') return <Notice kind="good">{t('state.recovered')}</Notice>;
  if (told !== 'lost') return null;
  return (
    <Notice
      kind="warning"
      action={
        <Button look="quiet" onClick={() => device.retryNow()}>
          {t('state.retry')}
        </Button>
      }
    >
      {t('state.offline')}
    </Notice>
  );
}

function Clock() {
  const { t } = useTranslation('token');
  const duration = useDuration();
  const off = Math.abs(offsetMs(useDeviceView().offset));
  if (off < OFFSET_SHOWN_MS) return null;
  return <Notice kind="warning">{t('state.clock', { time: duration(off) })}</Notice>;
}

function Tabs() {
  const { t } = useTranslation('token');
  const [place = 'codes'] = useRoute();
  const waiting = useWaiting().length;
  const items = [
    { to: 'codes', text: t('tabs.codes'), Icon: KeyIcon, of: ['codes', 'tokens', 'confirm', 'enrol'] },
    { to: 'approvals', text: t('tabs.approvals'), Icon: ShieldIcon, of: ['approvals', 'offline'] },
    { to: 'messages', text: t('tabs.messages'), Icon: MailIcon, of: ['messages'] },
    { to: 'settings', text: t('tabs.settings'), Icon: SettingsIcon, of: ['settings'] },
  ];
  return (
    <nav className={styles.tabs} aria-label={t('tabs.label')}>
      {items.map(({ to, text, Icon, of }) => (
        <a key={to} href={hashOf(to)} aria-current={of.includes(place) ? 'page' : undefined}>
          <Icon size={24} />
          <span>{text}</span>
          {to === 'approvals' && waiting > 0 && <span className={styles.badge}>{waiting}</span>}
        </a>
      ))}
    </nav>
  );
}

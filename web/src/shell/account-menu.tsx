import { useMutation } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemError } from '../api/problem.ts';
import { ExitIcon, PersonIcon, ShieldIcon } from '../design/icons.tsx';
import { Preferences } from '../design/preferences.tsx';
import { ProblemNote } from '../design/problem-note.tsx';
import { hashOf } from '../routing/hash-route.ts';
import { goTo } from '../routing/use-route.ts';
import { api, endSession } from '../session/server.ts';
import { useSession } from '../session/session-gate.tsx';
import styles from './account-menu.module.css';

/** The user's name, with a menu: security, language, appearance, log-out. */
export function AccountMenu() {
  const { t } = useTranslation('shell');
  const { username, role } = useSession();
  const [opened, setOpened] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const target = useRef<HTMLButtonElement>(null);
  const panelId = useId();
  const logOut = useMutation({
    mutationFn: () => api('DELETE /v1/sessions/current'),
    onSuccess: gone,
    onError: (error) => {
      if (error instanceof ProblemError && error.status === 401) gone();
    },
  });
  useEffect(() => {
    if (!opened) return;
    const press = (event: PointerEvent) => {
      if (event.target instanceof Node && !place.current?.contains(event.target)) setOpened(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpened(false);
      target.current?.focus();
    };
    document.addEventListener('pointerdown', press);
    document.addEventListener('keydown', key);
    return () => {
      document.removeEventListener('pointerdown', press);
      document.removeEventListener('keydown', key);
    };
  }, [opened]);
  return (
    <div ref={place} className={styles.place}>
      <button
        ref={target}
        type="button"
        className={styles.target}
        aria-label={t('account_menu.menu', { username })}
        aria-expanded={opened}
        aria-controls={panelId}
        onClick={() => setOpened(!opened)}
      >
        <PersonIcon />
        <span className={`${styles.name} sello-text`}>{username}</span>
      </button>
      <div id={panelId} className={styles.panel} hidden={!opened}>
        <p className={styles.role}>
          <span className="sello-text">{username}</span>
          <br />
          {t(`account_menu.role_${role}`)}
        </p>
        <a className={styles.item} href={hashOf('security')} onClick={() => setOpened(false)}>
          <ShieldIcon />
          {t('navigation.security')}
        </a>
        <div className={styles.preferences}>
          <Preferences />
        </div>
        <button
          type="button"
          className={styles.item}
          disabled={logOut.isPending}
          onClick={() => logOut.mutate()}
        >
          <ExitIcon />
          {t(logOut.isPending ? 'account_menu.leaving' : 'account_menu.log_out')}
        </button>
        <ProblemNote error={logOut.error} />
      </div>
    </div>
  );
}

function gone(): void {
  goTo();
  endSession('left');
}

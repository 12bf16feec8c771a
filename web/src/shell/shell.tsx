import { Button } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../design/dialog.tsx';
import { MenuIcon } from '../design/icons.tsx';
import { PageFault } from '../design/page-fault.tsx';
import { Seal } from '../design/seal.tsx';
import { hashOf, type Route } from '../routing/hash-route.ts';
import { LiveProvider } from '../session/live.tsx';
import { StepUpDialog } from '../session/step-up-dialog.tsx';
import { AccountMenu } from './account-menu.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { Navigation } from './navigation.tsx';
import { RecoveryBanner } from './recovery-banner.tsx';
import styles from './shell.module.css';

/** The frame around each page of a logged-in user. */
export function Shell({ route, children }: { readonly route: Route; readonly children: ReactNode }) {
  const { t } = useTranslation('shell');
  const common = useTranslation().t;
  const [opened, setOpened] = useState(false);
  const main = useRef<HTMLElement>(null);
  const place = route.join('/');
  const first = useRef(true);
  const moved = useRef(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of place
  useEffect(() => {
    setOpened(false);
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    moved.current = true;
    // A screen reader continues at the beginning of the new page.
    main.current?.focus({ preventScroll: true });
  }, [place]);

  // Nothing outside the menu can take the focus while it is open, so this waits until it has closed.
  useEffect(() => {
    if (opened) moved.current = false;
    else if (moved.current) main.current?.focus({ preventScroll: true });
  }, [opened]);

  return (
    <LiveProvider>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        {common('skip_to_content')}
      </button>
      <ConnectionBanner />
      <StepUpDialog />
      <div className={styles.shell}>
        <header className={styles.header}>
          <Button
            className={styles.burger ?? ''}
            variant="subtle"
            color="gray"
            px="xs"
            aria-label={t('navigation.open')}
            aria-expanded={opened}
            onClick={() => setOpened(true)}
          >
            <MenuIcon />
          </Button>
          <a className={styles.brand} href={hashOf()}>
            <Seal size={30} />
            Sello
          </a>
          <div className={styles.tools}>
            <AccountMenu />
          </div>
        </header>
        <nav className={styles.side} aria-label={t('navigation.label')}>
          <Navigation route={route} />
        </nav>
        <Dialog opened={opened} onClose={() => setOpened(false)} title={t('navigation.label')} look="side">
          <nav aria-label={t('navigation.label')}>
            <Navigation route={route} />
          </nav>
        </Dialog>
        <main
          ref={main}
          tabIndex={-1}
          className={route[0] === 'operator' ? `${styles.main} ${styles.wide}` : styles.main}
        >
          <RecoveryBanner />
          <PageFault key={place}>{children}</PageFault>
        </main>
      </div>
    </LiveProvider>
  );
}

import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConnectionLost, ProblemError } from '../../../api/problem.ts';
import { useLanguage } from '../../../i18n/texts.ts';
import { type PushState, pushState, startPush, stopPush } from '../../push/push.ts';
import { useDevice, useDeviceView } from '../device-context.tsx';
import { Button } from '../parts/button.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemText } from '../parts/problem-text.tsx';

/** Turns on and off that this browser is told of what waits while the page is closed. */
export function PushSection() {
  const { t } = useTranslation('token');
  const device = useDevice();
  const language = useLanguage();
  const { tokens } = useDeviceView();
  const [state, setState] = useState<PushState>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: read anew where the tokens change
  useEffect(() => {
    let wanted = true;
    pushState(device.approvingSessions()).then(
      (found) => wanted && setState(found),
      (failure: unknown) => wanted && setError(failure),
    );
    return () => {
      wanted = false;
    };
  }, [device, tokens]);

  async function turn(on: boolean) {
    setBusy(true);
    setError(undefined);
    try {
      const sessions = device.approvingSessions();
      if (on) setState(await startPush(sessions, language));
      else {
        await stopPush(sessions);
        setState('inactive');
      }
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  const ofServer = error instanceof ProblemError || error instanceof ConnectionLost;
  return (
    <>
      <p>{t('push.lead')}</p>
      {state === 'active' && <Notice kind="good">{t('push.active')}</Notice>}
      {(state === 'unsupported' || state === 'off' || state === 'denied') && (
        <Notice kind="info">{t(`push.${state}`)}</Notice>
      )}
      {error !== undefined &&
        (ofServer ? <ProblemText error={error} /> : <Notice kind="warning">{t('push.failed')}</Notice>)}
      {(state === 'active' || state === 'inactive') && (
        <Button disabled={busy} onClick={() => void turn(state === 'inactive')}>
          {t(state === 'active' ? 'push.stop' : 'push.start')}
        </Button>
      )}
    </>
  );
}

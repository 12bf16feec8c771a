import { QueryClientProvider } from '@tanstack/react-query';
import { Mantine } from '../design/mantine.tsx';
import { PageFault } from '../design/page-fault.tsx';
import { hashCode } from '../routing/hash-route.ts';
import { useHash, useRoute } from '../routing/use-route.ts';
import { queryClient } from '../session/server.ts';
import { SessionGate } from '../session/session-gate.tsx';
import { Shell } from '../shell/shell.tsx';
import { LooksOnlyBanner } from './devices/looks-only-banner.tsx';
import { LogInPage } from './log-in/log-in-page.tsx';
import { ResetPage } from './log-in/reset-page.tsx';
import { SetUpPage } from './log-in/set-up-page.tsx';
import { Pages } from './pages.tsx';

export function App() {
  return (
    <Mantine>
      <PageFault>
        <QueryClientProvider client={queryClient}>
          <Place />
        </QueryClientProvider>
      </PageFault>
    </Mantine>
  );
}

function Place() {
  const route = useRoute();
  const hash = useHash();
  const setUpCode = hashCode(hash, 'setup');
  const reset = hashCode(hash, 'reset');
  if (setUpCode !== undefined) return <SetUpPage code={setUpCode} />;
  if (reset !== undefined) return <ResetPage reset={reset} key={reset} />;
  return (
    <SessionGate logIn={<LogInPage route={route} />}>
      <Shell route={route}>
        <LooksOnlyBanner route={route} />
        <Pages route={route} />
      </Shell>
    </SessionGate>
  );
}

import { addTexts } from '../i18n/texts.ts';
import type { Route } from '../routing/hash-route.ts';
import { useSession } from '../session/session-gate.tsx';
import { NotFound } from '../shell/not-found.tsx';
import { ConfigurationPage } from './configuration/configuration-page.tsx';
import { EventsPage } from './events/events-page.tsx';
import { WebhookPage } from './events/webhook-page.tsx';
import { JournalPage } from './journal/journal-page.tsx';
import { KeysPage } from './keys/keys-page.tsx';
import { LabPage } from './lab/lab-page.tsx';
import { LogPage } from './log/log-page.tsx';
import { OverviewPage } from './overview/overview-page.tsx';
import { ServicesPage } from './services/services-page.tsx';
import { operator as en } from './texts.en.ts';
import { operator as es } from './texts.es.ts';
import { TransactionPage } from './transactions/transaction-page.tsx';
import { TransactionsPage } from './transactions/transactions-page.tsx';
import { UserPage } from './users/user-page.tsx';
import { UsersPage } from './users/users-page.tsx';

addTexts('operator', { en, es });

/**
 * The operator's pages, loaded on first use. Hiding pages from a role is a courtesy: the server answers 404 to callers
 * who may not read them.
 * @param route the place after `#/operator`
 */
export default function OperatorArea({ route }: { readonly route: Route }) {
  const { role } = useSession();
  if (role === 'user') return <NotFound />;
  const [area, first, second, ...rest] = route;
  if (rest.length > 0) return <NotFound />;
  if (area === 'transactions' && first !== undefined && second !== undefined)
    return <TransactionPage user={first} id={second} key={second} />;
  if (second !== undefined) return <NotFound />;
  if (area === 'users' && first !== undefined) return <UserPage username={first} key={first} />;
  if (area === 'events' && first !== undefined)
    return role === 'admin' ? <WebhookPage id={first} key={first} /> : <NotFound />;
  if (first !== undefined) return <NotFound />;
  switch (area) {
    case undefined:
      return <OverviewPage />;
    case 'users':
      return <UsersPage />;
    case 'transactions':
      return <TransactionsPage />;
    case 'journal':
      return <JournalPage />;
    case 'log':
      return <LogPage />;
    case 'events':
      return <EventsPage />;
    case 'keys':
      return <KeysPage />;
    case 'configuration':
      return <ConfigurationPage />;
    case 'services':
      return role === 'admin' ? <ServicesPage /> : <NotFound />;
    case 'lab':
      return role === 'admin' ? <LabPage /> : <NotFound />;
    default:
      return <NotFound />;
  }
}

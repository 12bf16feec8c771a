import type { Route } from './route.ts';
import { adminPartRoutes } from './routes/admin-parts.ts';
import { adminServiceRoutes } from './routes/admin-services.ts';
import { adminUserRoutes } from './routes/admin-users.ts';
import { challengeRoutes } from './routes/challenges.ts';
import { codeRoutes } from './routes/codes.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { eventRoutes } from './routes/events.ts';
import { journalRoutes } from './routes/journal.ts';
import { operationRoutes } from './routes/operations.ts';
import { receiptRoutes } from './routes/receipts.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { transactionReadRoutes } from './routes/transaction-reads.ts';
import { transactionRoutes } from './routes/transactions.ts';
import { userRoutes } from './routes/users.ts';

/** Every route of the API: what is served, what is validated and what /openapi.json tells are this one list. */
export const ROUTES: readonly Route[] = [
  ...userRoutes,
  ...sessionRoutes,
  ...challengeRoutes,
  ...transactionRoutes,
  ...transactionReadRoutes,
  ...decisionRoutes,
  ...tokenRoutes,
  ...codeRoutes,
  ...receiptRoutes,
  ...journalRoutes,
  ...eventRoutes,
  ...adminUserRoutes,
  ...adminServiceRoutes,
  ...adminPartRoutes,
  ...operationRoutes,
];

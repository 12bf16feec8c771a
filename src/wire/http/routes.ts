import type { Route } from './route.ts';
import { adminConfigurationRoutes } from './routes/admin-configuration.ts';
import { adminExportRoutes } from './routes/admin-exports.ts';
import { adminJournalRoutes } from './routes/admin-journal.ts';
import { adminLogRoutes } from './routes/admin-log.ts';
import { adminNewUserRoutes } from './routes/admin-new-user.ts';
import { adminOverviewRoutes } from './routes/admin-overview.ts';
import { adminPartRoutes } from './routes/admin-parts.ts';
import { adminServiceRoutes } from './routes/admin-services.ts';
import { adminSinkRoutes } from './routes/admin-sinks.ts';
import { adminTransactionRoutes } from './routes/admin-transactions.ts';
import { adminOneUserRoutes } from './routes/admin-user.ts';
import { adminUserRoutes } from './routes/admin-users.ts';
import { adminWebhookRoutes } from './routes/admin-webhooks.ts';
import { challengeRoutes } from './routes/challenges.ts';
import { codeRoutes } from './routes/codes.ts';
import { datasetRoutes } from './routes/datasets.ts';
import { enrolmentRoutes } from './routes/enrolments.ts';
import { eventRoutes } from './routes/events.ts';
import { identityRoutes } from './routes/identities.ts';
import { journalRoutes } from './routes/journal.ts';
import { laboratoryRoutes } from './routes/laboratory.ts';
import { logRoutes } from './routes/log.ts';
import { messageRoutes } from './routes/messages.ts';
import { operationRoutes } from './routes/operations.ts';
import { ownSessionRoutes } from './routes/own-sessions.ts';
import { passkeyRoutes } from './routes/passkeys.ts';
import { passwordRoutes } from './routes/passwords.ts';
import { proofRoutes } from './routes/proofs.ts';
import { pushSubscriptionRoutes } from './routes/push-subscriptions.ts';
import { receiptRoutes } from './routes/receipts.ts';
import { recoveryRoutes } from './routes/recoveries.ts';
import { recoveryCodeRoutes } from './routes/recovery-codes.ts';
import { sessionProofRoutes } from './routes/session-proof.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { setupRoutes } from './routes/setup.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { decisionRoutes } from './routes/transaction-decisions.ts';
import { transactionReadRoutes } from './routes/transaction-reads.ts';
import { transactionRoutes } from './routes/transactions.ts';
import { userRoutes } from './routes/users.ts';

/** Every route of the API. This one list is what is served, validated and documented in /openapi.json. */
export const ROUTES: readonly Route[] = [
  ...userRoutes,
  ...setupRoutes,
  ...sessionRoutes,
  ...ownSessionRoutes,
  ...pushSubscriptionRoutes,
  ...sessionProofRoutes,
  ...passkeyRoutes,
  ...challengeRoutes,
  ...transactionRoutes,
  ...transactionReadRoutes,
  ...decisionRoutes,
  ...tokenRoutes,
  ...enrolmentRoutes,
  ...recoveryRoutes,
  ...recoveryCodeRoutes,
  ...passwordRoutes,
  ...codeRoutes,
  ...receiptRoutes,
  ...identityRoutes,
  ...messageRoutes,
  ...datasetRoutes,
  ...journalRoutes,
  ...logRoutes,
  ...proofRoutes,
  ...eventRoutes,
  ...adminUserRoutes,
  ...adminNewUserRoutes,
  ...adminOneUserRoutes,
  ...adminServiceRoutes,
  ...adminSinkRoutes,
  ...adminWebhookRoutes,
  ...adminPartRoutes,
  ...adminLogRoutes,
  ...adminConfigurationRoutes,
  ...adminOverviewRoutes,
  ...adminTransactionRoutes,
  ...adminExportRoutes,
  ...adminJournalRoutes,
  ...laboratoryRoutes,
  ...operationRoutes,
];

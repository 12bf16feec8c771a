/** Every bound of the server, with its unit last. What an operator sets is in src/config.ts; these are fixed. */
export const LIMITS = {
  // the wire
  lineBytesMax: 8_192,
  pendingBytesMax: 1_048_576,
  pendingMessagesMax: 4_096,
  outputBytesMax: 1_048_576,
  connectionsMax: 10_000,
  connectionsPerAddressMax: 2_048,
  connectionsBeforeLogInMax: 4_096,
  connectionErrorsMax: 64,
  logInTimeMs: 120_000,
  idleTimeMs: 900_000,
  proxyHeaderTimeMs: 2_000,
  proxyHeaderBytesMax: 2_048,
  tlsHandshakeTimeMs: 5_000,
  slowReaderTimeMs: 10_000,
  lingerTimeMs: 1_000,
  refusedConnectionsMax: 256,
  answerBytesMax: 1_024,
  idBytesMax: 64,
  nestingDepthMax: 8,

  // requests
  usernameBytesMax: 128,
  passwordBytesMax: 1_024,
  accountBytesMax: 64,
  dataBytesMax: 256,
  amountDigitsMax: 15,
  idempotencyKeyBytesMax: 128,
  labelBytesMax: 64,
  challengesPerRequestMax: 1_024,
  challengesPerUserAndSecondMax: 8_192,
  /** Of that pace at once, after a pause. */
  challengeBurstSeconds: 2,

  // REST
  httpBodyBytesMax: 16_384,
  httpHeaderBytesMax: 16_384,
  httpConnectionsMax: 4_096,
  httpHeadersTimeMs: 10_000,
  httpRequestTimeMs: 20_000,
  httpKeepAliveTimeMs: 60_000,
  httpRequestsPerConnectionMax: 1_000_000,
  pathParameterLengthMax: 256,
  pageSize: 50,
  pageSizeMax: 200,
  cursorLengthMax: 256,
  waitMsMax: 60_000,
  challengesPerServiceAndSecondMax: 32_768,
  waitingRequestsMax: 2_048,
  waitingRequestsPerServiceMax: 512,
  waitingRequestsPerUserMax: 16,
  journalSearchEntriesMax: 4_096,
  exportStreamsMax: 2,
  overviewMinutes: 60,
  overviewReasonsMax: 32,
  overviewPeriodMs: 2_000,
  lockedUsersCountedMax: 4_096,
  verificationEntriesPerTurn: 512,
  webFileBytesMax: 4_194_304,
  webFilesMax: 512,
  webLookMs: 1_000,
  eventStreamsMax: 512,
  eventStreamsPerCallerMax: 8,
  eventHeartbeatMs: 15_000,
  eventBytesBufferedMax: 262_144,
  readinessTimeMs: 2_000,
  readinessCachedMs: 500,

  // decisions
  /** Servers' clocks may differ by this much before a fresh challenge looks as if it came from the future. */
  clockSkewMs: 5_000,
  batchMax: 1_024,
  pendingJobsMax: 65_536,
  attemptsPerDecisionMax: 64,
  usersCachedMax: 32_768,
  /** Of all servers in one answer of the store about what they did; more, and everyone is read anew. */
  changedEntriesMax: 16_384,
  /** What other servers did is asked for this often; */
  changesPeriodMs: 200,
  /** when that was not answered for this long, who is in memory is no longer believed. */
  changesLateMs: 1_000,
  /** A decision that could not be made for so long is not made any more: whoever asked has given up. */
  decisionTimeMs: 10_000,
  /** Several servers: from the last key wrapped again to the destruction of the old version; longer than any request takes. */
  keyGraceMs: 30_000,
  tokensPerUserMax: 8,
  /** Revoked tokens stay in the store, so how many a user may ever have is bounded by the pace. */
  enrolmentsPerUserMax: 64,
  enrolmentsWindowMs: 86_400_000,
  sessionsPerUserMax: 256,
  setupTimeMs: 3_600_000,
  /** Open at once; one more replaces the oldest. */
  invitationsPerUserMax: 4,
  passkeysPerUserMax: 8,
  pendingTransactionsPerUserMax: 32,
  expiredPerTurnMax: 256,
  hotpLookAhead: 10,
  driftStepsMax: 10,
  wrongMacsMax: 20,
  wrongMacsWindowMs: 7_200_000,

  unknownUsersMax: 100_000,
  registrationRepeatsMax: 8,
  registrationRepeatsWindowMs: 7_200_000,
  logInRefusalGridMs: 100,
  codeRefusalGridMs: 50,

  // passwords
  passwordQueueMax: 256,
  passwordRetryMsMin: 250,
  passwordRetryMsMax: 30_000,

  // the key vault
  vaultKeyBytesMax: 128,
  vaultSeedBytesMin: 16,
  vaultFileBytesMax: 4_194_304,
  passphraseBytesMax: 1_024,
  keyVersionsMax: 4_096,
  unwrappedKeysCachedMax: 65_536,
  unwrappedKeyTimeMs: 300_000,
  hsmInsideKeysMax: 8_192,
  hsmCallTimeMs: 4_000,
  hsmReopenMs: 500,
  hsmListingAgeMs: 1_000,
  hsmFoundingTimeMs: 10_000,
  hsmQueueItemsMax: 65_536,
  hsmQueueCallsMax: 4_096,
  hsmStuckThreadsMax: 4,

  // the vault's process: what it takes
  vaultConnectionsMax: 256,
  vaultConnectionsPerCallerMax: 64,
  vaultHandshakesMax: 64,
  vaultHandshakeTimeMs: 3_000,
  vaultRequestBytesMax: 262_144,
  vaultItemsPerFrameMax: 256,
  vaultFrameTimeMs: 5_000,
  vaultCallsPerConnectionMax: 64,
  vaultUnreadBytesMax: 1_048_576,
  // and how a server uses it
  vaultConnections: 2,
  vaultConnectTimeMs: 1_000,
  vaultSilenceTimeMs: 1_200,
  vaultAnswerTimeMs: 10_000,
  vaultAnswerBytesMax: 4_194_304,
  vaultBytesPerFrameWanted: 131_072,
  vaultCallsInFlightMax: 4_096,
  vaultBytesInFlightMax: 33_554_432,
  vaultReconnectMsMin: 50,
  vaultReconnectMsMax: 1_000,

  // rate limits
  rateLimitKeysMax: 100_000,
  rateLimitMomentsMax: 16,
  /** Each request waits for it, so it is short: after it this server counts by itself. */
  redisAnswerTimeMs: 50,
  redisConnectTimeMs: 1_000,
  redisRetryMs: 500,
  redisCommandsMax: 4_096,

  // receipts
  receiptBytesMax: 4_096,

  // the SQLite store
  storeBusyTimeMs: 100,
  storeStartBusyTimeMs: 1_000,
  journalHopsPerTurnMax: 4_096,
  journalTimeSearchHopsMax: 1_024,
  journalPlacesMax: 1_024,
  usersSearchedPerTurnMax: 8_192,
  backupPagesPerStep: 256,
  headsIdleTimeMs: 50,
  headBlocksPerTurnMax: 64,

  // the PostgreSQL store
  storeConnections: 8,
  storeConnectTimeMs: 1_000,
  storeQueryTimeMs: 2_000,
  storeStatementTimeMs: 1_500,
  storeIdleUnitTimeMs: 3_000,
  storeWaitTimeMs: 5_000,
  storeSearchPauseMs: 100,
  storeFullPauseMs: 1_000,
  storeWaitLogMs: 10_000,
  storeWaitersMax: 4_096,
  storeLineTimeMs: 2_000,
  storeAnswerTimeMs: 6_000,
  storeAttemptsMax: 64,
  storeUsersSearchedMax: 65_536,
  storeMigrationTimeMs: 3_600_000,
  storeMigrationLockTimeMs: 5_000,
  journalPlacesPerStepMax: 4_096,
  journalPlacesPeriodMs: 1_000,

  // the operator's commands
  operatorConnectionsMax: 16,
  operatorLineBytesMax: 65_536,
  operatorAnswerBytesMax: 4_194_304,
  operatorIdleTimeMs: 30_000,
  operatorAnswerTimeMs: 1_800_000,
  auditLineBytesMax: 65_536,
  clientAnswerBytesMax: 131_072,

  // shutting down
  drainTimeMs: 10_000,
} as const;

/** The same bounds at other values: tests cross them at smaller ones. */
export type Limits = { readonly [Name in keyof typeof LIMITS]: number };

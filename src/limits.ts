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
  waitingRequestsMax: 2_048,
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
  tokensPerUserMax: 8,
  /** Revoked tokens stay in the store, so how many a user may ever have is bounded by the pace. */
  enrolmentsPerUserMax: 64,
  enrolmentsWindowMs: 86_400_000,
  sessionsPerUserMax: 256,
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

  // rate limits
  rateLimitKeysMax: 100_000,
  rateLimitMomentsMax: 16,

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

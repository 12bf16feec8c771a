/**
 * The fixed bounds of the server, each name ending in its unit: `Bytes` (of UTF-8 for texts), `Ms` (milliseconds), or a
 * count. Bounds that an operator can set are in src/config.ts.
 */
export const LIMITS = {
  // the wire
  /** A message over TCP, without its newline. */
  lineBytesMax: 8_192,
  /** Messages of one connection that are being handled, in bytes. */
  pendingBytesMax: 1_048_576,
  /** Messages of one connection that are being handled. */
  pendingMessagesMax: 4_096,
  /** Answers to one connection, unsent and still to come. Beyond it no message is begun. */
  outputBytesMax: 1_048_576,
  /** Bytes that all TCP connections hold: messages that wait or are handled, and answers that are not sent. */
  tcpHeldBytesMax: 134_217_728,
  connectionsMax: 10_000,
  /** An IPv6 client counts by its /64. */
  connectionsPerAddressMax: 2_048,
  /** Connections on which nobody has logged in. */
  connectionsBeforeLogInMax: 4_096,
  /** Malformed messages on one connection before it is closed. */
  connectionErrorsMax: 64,
  /** From the connection to the first log-in. */
  logInTimeMs: 120_000,
  /** Between two messages. */
  idleTimeMs: 900_000,
  /** From the connection to a complete PROXY protocol header. */
  proxyHeaderTimeMs: 2_000,
  proxyHeaderBytesMax: 2_048,
  tlsHandshakeTimeMs: 5_000,
  /** How long a client may leave its answers unread. */
  slowReaderTimeMs: 10_000,
  /** How long input is read and dropped after the last answer, so that the client receives it. */
  lingerTimeMs: 1_000,
  /** Connections beyond `connectionsMax` that get a refusal. Further ones are dropped unanswered. */
  refusedConnectionsMax: 256,
  /** An answer over TCP, except lists of challenges and receipts. */
  answerBytesMax: 1_024,
  /** A message's `id`. */
  idBytesMax: 64,
  /** Of JSON, checked before it is parsed. */
  nestingDepthMax: 8,

  // witnesses
  /** A consistency proof and a checkpoint with signatures. */
  witnessBodyBytesMax: 65_536,
  witnessConnectionsMax: 64,
  /** Requests about one log that are decided or wait. */
  witnessRequestsPerLogMax: 8,
  /** How long a witness may take to answer. */
  witnessAnswerTimeMs: 5_000,
  /** Of a witness's answer. */
  witnessAnswerBytesMax: 8_192,
  /** Between two requests to a witness that failed; doubled at each failure up to the second. */
  witnessRetryMs: 1_000,
  witnessRetryMsMax: 60_000,

  // requests
  usernameBytesMax: 128,
  passwordBytesMax: 1_024,
  accountBytesMax: 64,
  /** `data` of a TCP transaction. */
  dataBytesMax: 256,
  /** Digits before the decimal point. */
  amountDigitsMax: 15,
  idempotencyKeyBytesMax: 128,
  /** The label of a token, a passkey or a session's client. */
  labelBytesMax: 64,
  challengesPerRequestMax: 1_024,
  /** All sessions of a user on one server together. */
  challengesPerUserAndSecondMax: 8_192,
  /** Seconds' worth of challenges that may be requested at once after a pause. */
  challengeBurstSeconds: 2,

  // REST
  httpBodyBytesMax: 16_384,
  httpHeaderBytesMax: 16_384,
  httpConnectionsMax: 4_096,
  /** Requests of trusted proxies under way, of all clients. */
  httpProxiedRequestsMax: 4_096,
  httpHeadersTimeMs: 10_000,
  httpRequestTimeMs: 20_000,
  /** A body of a route for long ones may take longer than that, while it comes at least so fast: half a megabit a second. */
  httpLongBodyBytesPerSecondMin: 65_536,
  httpKeepAliveTimeMs: 60_000,
  httpRequestsPerConnectionMax: 1_000_000,
  /** Requests begun in one turn of the event loop. */
  httpRequestsPerTurnMax: 16,
  /** Bytes that all HTTP connections hold: requests that wait, and answers that are not sent. */
  httpHeldBytesMax: 33_554_432,
  /** UTF-16 code units. */
  pathParameterLengthMax: 256,
  /** Entries of a list page by default. */
  pageSize: 50,
  pageSizeMax: 200,
  cursorLengthMax: 512,
  /** The longest a request may wait for a decision (`wait_s`). */
  waitMsMax: 60_000,
  challengesPerServiceAndSecondMax: 32_768,
  /** Requests that wait for a decision, of all users; and as many of all services. */
  waitingRequestsMax: 1_024,
  waitingRequestsPerServiceMax: 512,
  waitingRequestsPerUserMax: 16,
  /** A user's latest entries in which payees are looked for that a pending one resembles. */
  payeeEntriesMax: 256,
  /** Entries of a user that are read for the history of one of their transactions. */
  storyEntriesMax: 4_096,
  /** Journal exports at a time. */
  exportStreamsMax: 2,
  exportStreamsPerCallerMax: 1,
  /** How long an export's client may leave a page unread. */
  exportReadTimeMs: 60_000,
  /** Most frequent refusal reasons shown. */
  overviewReasonsMax: 32,
  /** Between two updates of a live overview. */
  overviewPeriodMs: 2_000,
  /** Entries verified or exported per turn of the event loop. */
  verificationEntriesPerTurn: 512,
  /** A file of the pages; larger files are not served. */
  webFileBytesMax: 4_194_304,
  webFilesMax: 512,
  /** How often the folder of the pages is checked for changes. */
  webRescanMs: 1_000,
  /** Event streams of users. */
  eventStreamsMax: 512,
  /** Event streams of services, administrators and auditors. */
  eventStreamsOperatedMax: 256,
  eventStreamsPerCallerMax: 8,
  /** Between two comments on a silent event stream, so that proxies keep it open. */
  eventHeartbeatMs: 15_000,
  /** Unsent bytes of one event stream before it is closed. */
  eventBytesBufferedMax: 262_144,
  /** For store and vault to answer a readiness check. */
  readinessTimeMs: 2_000,
  /** How long the result of a readiness check is reused. */
  readinessCachedMs: 500,

  // decisions
  /** How far servers' clocks may differ before a fresh challenge seems to come from the future. */
  clockSkewMs: 5_000,
  /** Decisions in one batch. */
  batchMax: 1_024,
  /** Decisions that wait for a batch; beyond it those of the user with most are refused as `unavailable`. */
  pendingJobsMax: 65_536,
  /** Decisions that wait in order of arrival; those beyond it go round robin by user. */
  jobsInArrivalOrderMax: 4_096,
  /** Decisions about one user that wait beyond `jobsInArrivalOrderMax`. */
  pendingJobsPerUserMax: 16_384,
  /** How often a decision is retried when another server wins the user's next version. */
  attemptsPerDecisionMax: 64,
  usersCachedMax: 32_768,
  /** Entries of other servers in one poll of the change feed. Beyond it every cached user is reloaded. */
  changedEntriesMax: 16_384,
  /** How often the change feed is polled. */
  changesPeriodMs: 200,
  /** Without a successful poll for this long, cached users are no longer trusted. */
  changesLateMs: 1_000,
  /** A decision not made by then is abandoned: its caller has given up. */
  decisionTimeMs: 10_000,
  /** With several servers: from the last rewrapped key to the destruction of the old version. Longer than any request takes. */
  keyGraceMs: 30_000,
  tokensPerUserMax: 8,
  /** How long a token may wait for its first code. */
  waitingTokenMs: 86_400_000,
  /** How long a recovery stands, from when it was asked for. */
  recoveryMs: 604_800_000,
  /** What a service may say to the user of a request, in characters; ISO 20022 has 35 (Max35Text) and 140 (Max140Text). */
  referenceLengthMax: 35,
  requestMessageLengthMax: 140,
  /** How many recovery codes are made at a time. */
  recoveryCodes: 10,
  /** A shorter bound on idle sessions would end them between two clicks. */
  sessionIdleMsMin: 10_000,
  /** Into so many parts the idle time is cut: one use per part is recorded for other servers. */
  sessionUseGrains: 10,
  /** How old the last use of a service's key may be shown: one per this time is recorded. */
  serviceKeyUseGrainMs: 3_600_000,
  /** How long a service's key may live that has an end. */
  serviceKeyLifeMsMax: 3_650 * 86_400_000,
  /** From how long before its end a service's key is warned of. */
  serviceKeyExpiryWarnedMs: 14 * 86_400_000,
  /** How long the secret of a password reset works. */
  passwordResetMs: 86_400_000,
  /** Of one user, per `passwordResetsWindowMs`. */
  passwordResetsMax: 16,
  passwordResetsWindowMs: 86_400_000,
  /** Per `enrolmentsWindowMs`. Revoked tokens stay in the store, so this pace bounds the tokens a user can ever have. */
  enrolmentsPerUserMax: 64,
  enrolmentsWindowMs: 86_400_000,
  sessionsPerUserMax: 256,
  /** How long a browser stays known after its last session. */
  knownDeviceTimeMs: 7_776_000_000,
  /** How long the set-up code of the first administrator is valid. */
  setupTimeMs: 3_600_000,
  /** Open at a time; one more replaces the oldest. */
  invitationsPerUserMax: 4,
  passkeysPerUserMax: 8,
  pendingTransactionsPerUserMax: 32,
  /** Pending transactions expired per turn of the upkeep. */
  expiredPerTurnMax: 256,
  /** Counters beyond the next one that are accepted (RFC 4226 section 7.4). */
  hotpLookAhead: 10,
  /** Counters in which two consecutive codes are looked for. */
  hotpResyncWindow: 1_000,
  /** Time steps that a token's clock may be off (RFC 6238 section 6). */
  driftStepsMax: 10,
  /** Wrong MACs of a user in `wrongMacsWindowMs` before the session ends: each may be a guess at the password. */
  wrongMacsMax: 20,
  wrongMacsWindowMs: 7_200_000,

  /** Names of nobody whose attempts are counted in the store; the one that was quiet longest makes room. */
  unknownNamesMax: 100_000,
  /** Repeated validations about names of nobody that are remembered in memory. */
  unknownUserRepeatsMax: 10_000,
  /** Repeats of one user's registration in `registrationRepeatsWindowMs`: each verifies a password. */
  registrationRepeatsMax: 8,
  registrationRepeatsWindowMs: 7_200_000,
  /** Refused log-ins are answered at a multiple of this, so that their time does not show whether the user exists. */
  logInResponsePaddingMs: 100,
  /** The same for refused code validations. */
  codeResponsePaddingMs: 50,

  // passwords
  /** Passwords of known callers that wait to be hashed, and again of strangers. Beyond it log-ins are refused as `busy`. */
  passwordQueueMax: 256,
  /** Users with the network that they logged in from, remembered so that their passwords are hashed first. */
  recentLogInsMax: 65_536,
  /** Lower bound of the retry-after of a `busy` log-in, which is estimated from the queue. */
  passwordRetryMsMin: 250,
  /** Upper bound of the same estimate. */
  passwordRetryMsMax: 30_000,

  // identities and messages
  /** What an operator saw of a person, or an e-mail address and the like. */
  identitySeenBytesMax: 256,
  /** A user's identities that are listed, newest first. */
  identitiesListedMax: 64,
  /** Of one user, per `enrolmentsWindowMs`: identities are kept for ever, as a history. */
  identitiesPerUserMax: 32,
  /** Keys of messages that the vault made and nobody enrolled are destroyed after so long. */
  identityOfferedMs: 3_600_000,
  /** What is signed and opened by one code with keys in the vault. */
  identityUsesMax: 16,
  /** How often a user signs and opens so, per `enrolmentsWindowMs`. */
  identityUsesPerUserMax: 600,
  /** How long an attestation and a certificate are valid. */
  identityAttestedMs: 86_400_000,
  /** The content of a message. Signed, sealed and in base64url it takes `messageBytesMax`. */
  messageContentBytesMax: 26_214_400,
  /** A JWE: its content thrice in base64url, and room for its headers, `messageRecipientsMax` recipients and the claims. */
  messageBytesMax: 62_390_272,
  messageRecipientsMax: 100,
  /** Longer messages are stored in parts before their entry is committed. */
  messageInlineBytesMax: 16_384,
  messagePartBytes: 262_144,
  /** Bytes of a message that are checked per turn of the event loop. */
  messageBytesPerTurn: 4_194_304,
  /** Bodies of messages that arrive or are handled, of all users; and of one user. */
  messageBytesUnderWayMax: 134_217_728,
  messageBytesUnderWayPerUserMax: 67_108_864,
  /** A piece of a message in one answer over TCP, and messages in one list there. */
  messagePieceBytes: 8_192,
  inboxPageSize: 50,
  /** Messages that are sent to their recipients now, of all users; and of one user. */
  messageStreamsMax: 64,
  messageStreamsPerUserMax: 4,
  /** Staged parts are kept this long without their message. */
  messageStagedMs: 3_600_000,
  /** Messages that are deleted per unit of work. */
  messagesExpiredPerTurnMax: 16,
  /** A receipt in compact serialisation. */
  messageReceiptBytesMax: 2_048,

  // the key vault
  /** A wrapped key; the block of HMAC-SHA512. */
  vaultKeyBytesMax: 128,
  /** 128 bits, as RFC 4226 section 4 requires (R6). */
  vaultSeedBytesMin: 16,
  vaultFileBytesMax: 4_194_304,
  passphraseBytesMax: 1_024,
  /** Signing keys are kept for ever to verify old receipts, so the number of versions is bounded. */
  keyVersionsMax: 4_096,
  /** The most of `idempotency_ttl_ms`. */
  idempotencyTtlMsMax: 604_800_000,
  /** How long a key that others are derived from is good after its successor was made: `idempotencyTtlMsMax`, and a day until records are deleted. */
  masterKeyLifeMs: 691_200_000,
  /** How often a server that is asked for something asks its vault, in the background, whether there are new keys. */
  keyVersionsPeriodMs: 3_000,
  /** After this time without an answer, as on an idle server, a request waits for one. */
  keyVersionsAgeMsMax: 8_000,
  /** How long to wait after the vault did not answer. */
  keyVersionsRetryMs: 1_000,
  /** A new key is used after this time, when every server knows it: more than `keyVersionsAgeMsMax` and `clockSkewMs`. */
  keyActivationMs: 15_000,
  /** Keys of challenges are held for this time ahead at least, and for two changes of it: so long they are issued without the vault. */
  challengeKeysAheadMs: 120_000,
  /** With custody `cached`: keys in this process, 64 bytes each. */
  unwrappedKeysCachedMax: 65_536,
  /** With custody `cached`: how long an unwrapped key is kept. */
  unwrappedKeyTimeMs: 300_000,
  /** With custody `hsm`: users' keys kept as session objects in the HSM. */
  hsmSessionKeysMax: 8_192,
  /** One call to the HSM. A longer one counts as hung. */
  hsmCallTimeMs: 4_000,
  /** After a failed reopening, calls fail at once for this long; after hung calls in a row, for a multiple. */
  hsmReopenMs: 500,
  /** How old a listing of the keys may be when a key is wrapped, so that versions of other servers are noticed. */
  hsmListingAgeMs: 1_000,
  /** How long a server waits for another one that is creating the first keys. */
  hsmFirstVersionTimeMs: 10_000,
  /** Keys and messages of the calls that wait for the HSM. */
  hsmQueueItemsMax: 65_536,
  /** Calls that wait for the HSM. */
  hsmQueueCallsMax: 4_096,
  /** Threads that hang inside the PKCS#11 library. Beyond it no new one is started. */
  hsmHungThreadsMax: 4,

  // the vault process: what it accepts
  vaultConnectionsMax: 256,
  vaultConnectionsPerCallerMax: 64,
  /** TLS handshakes under way. */
  vaultHandshakesMax: 64,
  /** The same, from addresses that have shown a caller's certificate before. */
  vaultKnownHandshakesMax: 32,
  /** Such addresses remembered. */
  vaultKnownAddressesMax: 256,
  vaultHandshakeTimeMs: 3_000,
  /** A request frame. */
  vaultRequestBytesMax: 262_144,
  /** Keys or messages in one frame. */
  vaultItemsPerFrameMax: 256,
  /** From a frame's first byte to its last. */
  vaultFrameTimeMs: 5_000,
  vaultCallsPerConnectionMax: 64,
  /** Keys and messages of the calls under way, of all callers; then no other call begins. Two large frames keep an HSM busy. */
  vaultItemsUnderWayMax: 512,
  /** Answers that a caller leaves unread before no more of its calls are carried out. */
  vaultUnreadBytesMax: 1_048_576,
  /** Answers that all callers together leave unread before connections are closed. */
  vaultHeldBytesMax: 67_108_864,
  // the vault process: how a server uses it
  /** Connections that a server keeps to the vault. */
  vaultConnections: 2,
  vaultConnectTimeMs: 1_000,
  /** Without any byte from the vault for this long, a connection with calls under way is lost. */
  vaultSilenceTimeMs: 1_200,
  /** From a call to its answer. */
  vaultAnswerTimeMs: 10_000,
  /** An answer frame. */
  vaultAnswerBytesMax: 4_194_304,
  /** Larger batches are split into frames of about this size. */
  vaultBytesPerFrameWanted: 131_072,
  vaultCallsInFlightMax: 4_096,
  vaultBytesInFlightMax: 33_554_432,
  /** First pause before reconnecting. It doubles with each failure, up to `vaultReconnectMsMax`. */
  vaultReconnectMsMin: 50,
  /** Longest pause before reconnecting. */
  vaultReconnectMsMax: 1_000,

  // rate limits
  /** Addresses and names whose allowance is remembered; beyond it the stalest is forgotten. */
  rateLimitKeysMax: 100_000,
  /** Moments kept exactly per sliding window; beyond it neighbouring moments are merged. */
  rateLimitMomentsMax: 16,
  /** Every request waits for the answer, so this is short. After it the server counts in its own memory. */
  redisAnswerTimeMs: 50,
  redisConnectTimeMs: 1_000,
  /** Between two attempts to reach Redis. */
  redisRetryMs: 500,
  /** Commands under way; beyond it the server counts in its own memory. */
  redisCommandsMax: 4_096,

  // receipts
  /** A receipt in compact serialisation. */
  receiptBytesMax: 4_096,
  /** Receipts signed in one call of the vault; there is one such call at a time. */
  receiptsPerCallMax: 64,

  // the SQLite store
  /** SQLite's busy_timeout while running: only a backup or a reader can hold a lock. */
  storeBusyTimeMs: 100,
  /** SQLite's busy_timeout at the start. */
  storeStartBusyTimeMs: 1_000,
  /** Entries followed back per turn of the event loop. */
  journalHopsPerTurnMax: 4_096,
  /** Steps of one search by time. */
  journalTimeSearchHopsMax: 1_024,
  /** Users whose last journal page end is remembered. */
  journalPageEndsMax: 1_024,
  /** Users compared per turn of the event loop in a search. */
  usersSearchedPerTurnMax: 8_192,
  /** Space that a database file needs, after an append failed, before the server is ready again. A batch takes less. */
  storeSpaceBytesMin: 1_048_576,
  backupPagesPerStep: 256,
  /** Without an append for this long, the table of heads is brought up to date. */
  headsIdleTimeMs: 50,
  /** Blocks of heads written per idle turn. */
  headBlocksPerTurnMax: 64,

  // the PostgreSQL store
  /** Connections to PostgreSQL by default. */
  storeConnections: 8,
  storeConnectTimeMs: 1_000,
  /** For a connection of a start or a command, which nobody waits for behind it: a busy server answers late. */
  storeStartConnectTimeMs: 10_000,
  /** For the answer to a statement, before the connection is given up. */
  storeQueryTimeMs: 2_000,
  /** PostgreSQL's statement_timeout. Below `storeQueryTimeMs`, so that the server ends a statement first. */
  storeStatementTimeMs: 1_500,
  /** PostgreSQL's idle_in_transaction_session_timeout. */
  storeIdleUnitTimeMs: 3_000,
  /** For a primary to be found after the last one was lost. */
  storeWaitTimeMs: 5_000,
  /** Pause between two searches for the primary. */
  storeSearchPauseMs: 100,
  /** After PostgreSQL refused a connection because it has too many. */
  storeFullPauseMs: 1_000,
  /** Between two log lines while no primary is found. */
  storeWaitLogMs: 10_000,
  /** Calls that may wait for a connection. */
  storeWaitersMax: 4_096,
  /** How long a call waits for a connection. */
  storeQueueTimeMs: 2_000,
  /** For a call, all its attempts together. */
  storeAnswerTimeMs: 6_000,
  /** Attempts of an append. */
  storeAttemptsMax: 64,
  /** Users compared by one statement of a search. */
  storeUsersSearchedMax: 65_536,
  /** For a migration, and for its wait for another server's migration. */
  storeMigrationTimeMs: 3_600_000,
  /** For a migration to get a table's lock, because everything behind it waits too. */
  storeMigrationLockTimeMs: 5_000,
  /** Entries given a journal position per step. */
  commitSequencerEntriesMax: 4_096,
  /** Units of work of a lane that get their places at once, where the journal is distributed. */
  commitSequencerUnitsMax: 256,
  /** Pause between two such steps. */
  commitSequencerPeriodMs: 1_000,
  /** A lane in which this process has written nothing for so long is not used again. */
  laneIdleMs: 1_800_000,
  /** A lane without a new entry for so long is looked at once a minute. Longer than `laneIdleMs`. */
  laneQuietMs: 3_600_000,
  /** How often lanes are looked at for that. */
  laneUpkeepPeriodMs: 60_000,
  /** A lane that has been quiet for so long is looked at less often. */
  laneOldMs: 86_400_000,
  /** How often. */
  laneOldPeriodMs: 3_600_000,

  // the transparency log
  /** The longest a lease may be taken for. One that ends later than that was made by a clock that was set back since. */
  leaseMsMax: 60_000,
  /** How long a lease is taken for; it is renewed after a third of that. */
  leaseMs: 9_000,
  /** Between two checkpoints while entries arrive. */
  logCheckpointMs: 1_000,
  /** Entries that one checkpoint adds to the log at most: more than a second's worth at full speed. */
  logEntriesPerCheckpointMax: 65_536,
  /** How often a server that does not seal looks for the last checkpoint, to remember it. */
  logMemoryPeriodMs: 10_000,
  /** Tiles and checkpoints that one address may read in `logReadsWindowMs`. A proof counts as `logProofCost`. */
  logReadsMax: 100_000,
  logReadsWindowMs: 60_000,
  logProofCost: 16,
  /** Entries looked at to find a transaction by the time in its id. */
  logSearchEntriesMax: 2_048,
  /** The longest rest between two parts of a backlog. */
  logRestMsMax: 1_000,
  /** The last checkpoints that the store keeps. */
  logCheckpointsKept: 16,
  /** Entries whose hashes are read from the database at once, to seal them. */
  logEntriesPerReadMax: 2_048,

  // retention
  /** Entries of one file of the archive. */
  archiveFileEntriesMax: 65_536,
  /** Of a bundle, compressed or not. */
  archiveBundleBytesMax: 33_554_432,
  /** How often a folder without a file that is asked for is looked through again. */
  archiveLookMs: 5_000,
  /** How often a file whose entries are in memory is looked at: it may have been replaced. */
  archiveFileLookMs: 250,
  /** How often the process that archives looks for old entries. */
  archivePeriodMs: 3_600_000,
  /** A file of fewer entries than it may hold is written this long after the one before. */
  archiveFileMsMin: 86_400_000,
  /** How often the process that erases looks for users whom another server erased. */
  erasureLookMs: 10_000,
  /** Entries whose bodies are emptied in one unit of work. */
  bodiesEmptiedPerTurn: 512,

  // the operator's commands
  operatorConnectionsMax: 16,
  /** A command to the operator's socket. */
  operatorLineBytesMax: 65_536,
  operatorAnswerBytesMax: 4_194_304,
  operatorIdleTimeMs: 30_000,
  /** For the longest command, such as a backup. */
  operatorAnswerTimeMs: 1_800_000,
  /** A line of a journal export. */
  auditLineBytesMax: 65_536,
  /** An answer that the client reads: a list of challenges is the longest. */
  clientAnswerBytesMax: 131_072,

  // the relay: one sink each
  /** Sealed entries read at a time. */
  sinkEntriesPerRead: 256,
  /** How long a sink is its relay's without being prolonged: how long another server waits after a crash. */
  sinkLeaseMs: 10_000,
  /** How often the position is stored and the lease prolonged. */
  sinkLeasePeriodMs: 1_000,
  /** How often new entries are looked for that nobody announced. */
  sinkPollMs: 1_000,
  /** The same in a process that nobody announces entries to. */
  sinkLookMs: 200,
  /** How long the thread of the sinks stays away after it has failed. */
  relayThreadPauseMs: 1_000,
  /** Memory of the thread of the sinks. Unit: MiB */
  relayThreadMemoryMiB: 256,
  /** How long its sinks have to end when the server stops. */
  relayThreadStopMs: 10_000,
  /** First pause after a failure. It doubles with each, up to `sinkPauseMsMax`. */
  sinkPauseMsMin: 250,
  sinkPauseMsMax: 30_000,
  /** A session that lasted longer begins the pauses anew. */
  sinkHealthyMs: 60_000,

  // Apache Pulsar
  /** Messages sent to it and not acknowledged; the number with which a warm broker was fastest. */
  pulsarUnderWayMax: 1_000,
  pulsarUnderWayBytesMax: 8_388_608,
  /** A message with its event in base64: the WebSocket API takes frames of 1 MiB. */
  pulsarMessageBytesMax: 1_048_576,
  /** For a handshake, or an answer of the admin API. */
  pulsarAnswerTimeMs: 5_000,
  /** Of the admin API, and of one acknowledgement. */
  pulsarAnswerBytesMax: 2_097_152,
  /** Without any acknowledgement for this long the socket is dropped. */
  pulsarAcknowledgeTimeMs: 20_000,
  /** The broker closes a socket that is idle for 300 s. */
  pulsarPingPeriodMs: 30_000,
  /** How often the topic and its deduplication are looked at. */
  pulsarCheckPeriodMs: 15_000,
  // syslog
  syslogConnectTimeMs: 10_000,
  /** How long a log server may take nothing before its connection is given up. */
  syslogStallTimeMs: 30_000,
  /** How long a log server may take to read the rest and end its side. */
  syslogCloseTimeMs: 30_000,
  /** Events after which it is found out whether the server has read them. */
  syslogSegmentEventsMax: 4_096,
  /** The same after this time without a further event. */
  syslogSegmentMs: 1_000,
  /** How long a server must go on answering before what it has read counts as arrived. */
  syslogSettleMs: 3_000,

  // webhooks
  webhooksMax: 32,
  webhookTypesMax: 64,
  /** UTF-16 code units. */
  webhookUrlLengthMax: 2_048,
  /** From the resolution of the name to the status of the answer. */
  webhookTimeMs: 15_000,
  /** Of an answer's body: for the delivery log. */
  webhookAnswerBytesMax: 4_096,
  /** How long an answer's body is read, after its status. */
  webhookAnswerTimeMs: 2_000,
  /** How long an idle connection to an endpoint is kept. */
  webhookIdleMs: 10_000,
  /** Events of one endpoint that are under way or wait to be sent again. Beyond it no more are read. */
  webhookOutstandingMax: 512,
  /** Requests to one endpoint at a time; one while it fails. */
  webhookRequestsMax: 8,
  /** Before the first repetition. It doubles with each, up to `webhookRetryMsMax`. */
  webhookRetryMsMin: 5_000,
  webhookRetryMsMax: 21_600_000,
  /** How long an event is sent again, and how long an endpoint may fail without a success before it is disabled. */
  webhookRetryTimeMs: 259_200_000,
  /** Attempts in an endpoint's delivery log. */
  webhookDeliveriesKept: 1_000,
  /** How often an endpoint's progress is stored while it changes. */
  webhookSavePeriodMs: 500,
  /** How long what one endpoint stores waits for what others do. */
  webhookGatherMs: 20,
  /** How often changes of endpoints and commands are looked for. */
  webhookPollMs: 1_000,
  /** How long the secret before the newest goes on signing. */
  webhookSecretOverlapMs: 86_400_000,
  /** How long a secret is kept in memory. */
  webhookSecretCachedMs: 300_000,
  /** Commands of one endpoint that wait. */
  webhookCommandsMax: 64,

  // search
  /** Between two turns of the process that indexes and counts the journal. */
  indexPeriodMs: 1_000,
  /** Entries that it reads at once, before it rests. */
  indexEntriesPerTurn: 256,
  /** Entries that it counts at once, before it rests. */
  countEntriesPerTurn: 8_192,
  /** How long it rests after a turn, in times of that turn: while the process has time, and while it has none. */
  indexRestFactorMin: 2,
  indexRestFactorMax: 60,
  /** Entries after the counted ones that an overview counts by itself; beyond it says up to when it is counted. */
  countTailMax: 8_192,
  /** How long counts by the second, the minute and the hour are kept. */
  countSecondsKeptMs: 180_000,
  countMinutesKeptMs: 90_000_000,
  countHoursKeptMs: 2_678_400_000,
  /** How long an overview's figures are shared by those who ask. */
  figuresCachedMs: 1_000,
  /** How long one page of a search may take. It goes on from its cursor. */
  searchTimeMs: 1_500,
  /** Entries that a search reads at once. */
  searchEntriesPerRead: 256,
  /** Segments of the index that a search looks into at once. */
  searchSegmentsPerRead: 128,
  /** Of the text that entries are searched for, and its words. */
  searchTextLengthMax: 128,
  searchWordsMax: 8,
  searchTypesMax: 16,
  /** Users that one part of a search in the list looks at. */
  usersScannedMax: 8_192,
  /** Users locked now whom a list shows. */
  usersLockedListedMax: 10_000,
  /** Rows of an export of what is filtered. */
  exportRowsMax: 1_000_000,
  /** How long such an export may take. */
  exportTimeMs: 600_000,

  // web push
  /** UTF-16 code units. */
  pushEndpointLengthMax: 1_024,
  /** Of one user that are told: one for each session at most. */
  pushSubscriptionsPerUserMax: 16,
  /** Transactions whose users are to be told. What comes beyond it is not told. */
  pushQueueMax: 10_000,
  /** Users that are told at a time. */
  pushRequestsMax: 8,
  /** Of one message to one browser. */
  pushAttemptsMax: 4,
  /** Before the first repetition. It doubles with each. */
  pushRetryMsMin: 1_000,

  // datasets
  datasetsMax: 1_000,
  /** Of one request that makes surrogates or turns them back. */
  surrogatesPerRequestMax: 10_000,
  /** 10,000 of the longest identifiers that bulk data has in practice; each may have more. */
  surrogatesBodyBytesMax: 4_194_304,
  identifierCharactersMax: 1_024,
  /** How long a data key stays in memory. */
  dataKeyLifeMs: 60_000,
  /** Datasets whose keys are kept. */
  dataKeysMax: 256,

  // shutting down
  /** For requests under way when the server stops. */
  drainTimeMs: 10_000,
} as const;

/** The same bounds at other values: tests cross them at smaller ones. */
export type Limits = { readonly [Name in keyof typeof LIMITS]: number };

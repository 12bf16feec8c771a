/** The wall clock. Passed in everywhere, so that tests can control it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. May step backwards: callers that need an order keep their own maximum. */
  now(): number;
}

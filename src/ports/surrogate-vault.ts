/**
 * Keeps random surrogates with their identifiers (`mode: vault`): nothing can be computed from such a surrogate, and
 * forgetting a row makes it meaningless for ever.
 */
export interface SurrogateVault {
  /**
   * Returns the surrogates of identifiers in their order, and makes those that do not exist. Of parallel calls with
   * one identifier, one makes its surrogate and all return that.
   */
  surrogates(domain: SurrogateDomain, identifiers: readonly string[]): Promise<string[]>;
  /** Returns the identifiers of surrogates in their order; `undefined` where the domain has none. */
  identifiers(domain: SurrogateDomain, surrogates: readonly string[]): Promise<(string | undefined)[]>;
  /** Removes rows, if they exist. */
  forget(domain: SurrogateDomain, surrogates: readonly string[]): Promise<void>;
}

export interface SurrogateDomain {
  readonly dataset: string;
  readonly version: number;
  readonly domain: string;
}

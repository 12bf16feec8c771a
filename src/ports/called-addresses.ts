/** Which addresses a URL that an administrator gives may lead to. */
export interface CalledAddresses {
  /**
   * Whether a URL may be called, as far as it says itself: the address in it, `localhost`, `http:`. What a name leads to is
   * judged at each call.
   */
  mayCall(url: URL): boolean;
}

/** How surrogates of a domain are made. Random ones of a look-up are behind src/ports/surrogate-vault.ts. */
export type SurrogateMode =
  | { readonly mode: 'siv' }
  | { readonly mode: 'hmac' }
  | { readonly mode: 'ff1'; readonly alphabet?: string };

/** Texts made from texts, in their order; or the index of the first that cannot be, and then none is. */
export type Made = { readonly texts: string[] } | { readonly invalid: number };

/** Makes and reverses the surrogates of one domain of one version of a dataset. */
export interface Surrogates {
  /** Equal identifiers have equal surrogates. Invalid: empty, not well-formed Unicode, or not of the mode's form. */
  make(identifiers: readonly string[]): Made;
  /** Invalid: what was not made under this key, domain and version (`ff1` cannot tell), and all of a one-way mode. */
  reverse(surrogates: readonly string[]): Made;
}

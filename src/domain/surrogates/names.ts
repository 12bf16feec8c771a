const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Whether a text can name a dataset or a domain: 1 to 64 characters `[A-Za-z0-9._-]`, the first a letter or digit. The
 * separator of a key's derivation, `|`, is none of them.
 */
export function isSurrogateName(text: string): boolean {
  return NAME.test(text);
}

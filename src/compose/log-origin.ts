import type { Config } from '../config.ts';

/** The name of the log: by default the host of `public_url`. */
export function logOrigin({ publicUrl }: Pick<Config, 'publicUrl'>): string {
  return publicUrl === null ? 'localhost' : new URL(publicUrl).host;
}

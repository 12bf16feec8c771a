import type { Logger } from '../ports/logger.ts';

/**
 * Puts a listener's new certificate in use, and logs whether that worked. `reload` must leave the old certificate in
 * use when it throws.
 * @returns whether the new certificate is in use
 */
export async function reloadCertificate(
  protocol: 'TLS' | 'HTTPS',
  logger: Pick<Logger, 'info' | 'error'>,
  reload: () => Promise<void>,
): Promise<boolean> {
  try {
    await reload();
    logger.info({}, `${protocol} certificate reloaded`);
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.error({ reason }, `${protocol} certificate not reloaded: the one in use stays`);
    return false;
  }
}

/** Why a listener could not be opened, for an operator. @param protocol the prefix of its configuration keys */
export function listenReason(error: unknown, protocol: 'tcp' | 'http'): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `the port is in use; choose another by ${protocol}_port`;
  if (code === 'EACCES') return 'it needs a right that this user has not; choose a port above 1023';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `this machine has no such address; correct ${protocol}_host`;
  return error instanceof Error ? error.message : String(error);
}

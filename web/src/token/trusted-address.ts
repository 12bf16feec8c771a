interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(address: string): string },
  ): { createScriptURL(address: string): unknown };
}

const trustedTypes = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;

/** Addresses of this program's own scripts: of this origin, and of the two places that they are in. */
const policy = trustedTypes?.createPolicy('sello', {
  createScriptURL(address) {
    const { origin, pathname } = new URL(address, location.href);
    const own = pathname === '/service-worker.js' || pathname.startsWith('/assets/');
    if (origin !== location.origin || !(own || import.meta.env.DEV))
      throw new TypeError(`not our script: ${address}`);
    return address;
  },
});

/** An address that a worker may be started from, where the page's policy demands it (Trusted Types). */
export function trustedAddress(address: string): string {
  return (policy?.createScriptURL(address) ?? address) as string;
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(address: string): string },
  ): { createScriptURL(address: string): unknown };
}

const trustedTypes = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;

/** Accepts only script addresses of this origin, in the two places that hold scripts. */
const policy = trustedTypes?.createPolicy('sello', {
  createScriptURL(address) {
    const { origin, pathname } = new URL(address, location.href);
    const own = pathname === '/service-worker.js' || pathname.startsWith('/assets/');
    if (origin !== location.origin || !(own || import.meta.env.DEV))
      throw new TypeError(`not our script: ${address}`);
    return address;
  },
});

/** Returns an address that a worker may be started from under the page's policy (Trusted Types). */
export function trustedAddress(address: string): string {
  return (policy?.createScriptURL(address) ?? address) as string;
}

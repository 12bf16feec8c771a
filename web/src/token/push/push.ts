import { fromBase64Url, toBase64Url } from '../../api/base64url.ts';
import type { DeviceSession } from '../device/device-session.ts';

const PATH = '/v1/sessions/current/push-subscription';

/**
 * - `unsupported`: the browser has no Web Push here; on iOS, outside of the installed app
 * - `off`: the server pushes nothing
 * - `denied`: the user forbade this page's notifications, which the browser's settings alone undo
 */
export type PushState = 'unsupported' | 'off' | 'denied' | 'inactive' | 'active';

async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis) || !('Notification' in globalThis))
    return undefined;
  return navigator.serviceWorker.getRegistration('/token');
}

/** Says whether this browser is told of what waits for the sessions' users. @throws ProblemError, ConnectionLost */
export async function pushState(sessions: readonly DeviceSession[]): Promise<PushState> {
  const worker = await registration();
  if (!worker) return 'unsupported';
  const [held, ...stored] = await Promise.all([
    worker.pushManager.getSubscription(),
    ...sessions.map(({ api }) => api(`GET ${PATH}`)),
  ]);
  if (stored.every(({ server_key: key }) => key === null)) return 'off';
  if (Notification.permission === 'denied') return 'denied';
  const isStored = held !== null && stored.every(({ endpoint }) => endpoint === held.endpoint);
  return isStored ? 'active' : 'inactive';
}

/**
 * Subscribes this browser and tells the server of each session, after the user pressed for it: browsers ask for their leave
 * then alone.
 * @throws ProblemError, ConnectionLost, DOMException where the browser or its push service refuses
 */
export async function startPush(
  sessions: readonly DeviceSession[],
  language: 'en' | 'es',
): Promise<PushState> {
  if ((await Notification.requestPermission()) !== 'granted') return 'denied';
  await renewPush(sessions, language, true);
  return pushState(sessions);
}

/**
 * Has the server know the browser's subscription as it is now: browsers replace one, the vault's rotation ends one, the
 * language changes. Makes none where there was none.
 * @param wanted - make one where there is none
 */
export async function renewPush(
  sessions: readonly DeviceSession[],
  language: 'en' | 'es',
  wanted = false,
): Promise<void> {
  const worker = await registration();
  if (!worker || Notification.permission !== 'granted') return;
  let held = await worker.pushManager.getSubscription();
  if (!held && !wanted) return;
  for (const { api } of sessions) {
    const { server_key: key } = await api(`GET ${PATH}`);
    const keyBytes = key === null ? undefined : fromBase64Url(key);
    if (key === null || !keyBytes) continue;
    const madeWith = held?.options.applicationServerKey;
    if (held && (!madeWith || toBase64Url(new Uint8Array(madeWith)) !== key)) {
      await held.unsubscribe();
      held = null;
    }
    held ??= await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: keyBytes });
    const { p256dh = '', auth = '' } = held.toJSON().keys ?? {};
    await api(`PUT ${PATH}`, {
      body: { endpoint: held.endpoint, keys: { p256dh, auth }, server_key: key, language },
    });
  }
}

/** Ends the browser's subscription, and the server's knowledge of it. @throws ProblemError, ConnectionLost */
export async function stopPush(sessions: readonly DeviceSession[]): Promise<void> {
  await (await (await registration())?.pushManager.getSubscription())?.unsubscribe();
  await Promise.all(sessions.map(({ api }) => api(`DELETE ${PATH}`)));
}

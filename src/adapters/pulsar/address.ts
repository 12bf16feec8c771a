import { StartRefused } from '../../domain/errors.ts';

/** A topic by the addresses of a cluster's web service. */
export interface PulsarAddress {
  /** `ws://…/ws/v2` or `wss://…/ws/v2`. */
  readonly socketUrl: string;
  /** `http://…/admin/v2` or `https://…/admin/v2`. */
  readonly adminUrl: string;
  /** `persistent/TENANT/NAMESPACE`, encoded. */
  readonly namespacePath: string;
  /** The topic's own name, encoded, without `-partition-N`. */
  readonly topicName: string;
  /** What operators know it by. */
  readonly topic: string;
  /** Given with the topic's name; undefined where the cluster says how many it has. */
  readonly partition: number | undefined;
}

const TOPIC = /^(?:persistent:\/\/)?([^/\s]+)\/([^/\s]+)\/([^/\s]+?)(?:-partition-(\d{1,4}))?$/;
const SCHEMES: Readonly<Record<string, string>> = {
  'http:': 'http:',
  'https:': 'https:',
  'ws:': 'http:',
  'wss:': 'https:',
};

/**
 * Reads `pulsar.service_url` (the web service, whose WebSocket API and admin API are used) and `pulsar.topic`. Does NOT connect.
 * @throws StartRefused
 */
export function pulsarAddress(serviceUrl: string, topic: string): PulsarAddress {
  const url = URL.canParse(serviceUrl) ? new URL(serviceUrl) : undefined;
  const scheme = url && SCHEMES[url.protocol];
  if (!url || scheme === undefined || url.hostname === '' || url.username !== '' || url.search !== '') {
    throw new StartRefused(
      'pulsar.service_url expected http://HOST:PORT or https://HOST:PORT, the web service of the cluster (8080, 8443) and not its binary port',
    );
  }
  const match = TOPIC.exec(topic);
  if (!match) throw new StartRefused('pulsar.topic expected persistent://TENANT/NAMESPACE/TOPIC');
  const [, tenant = '', namespace = '', name = '', partition] = match;
  const base = `//${url.host}${url.pathname.replace(/\/+$/, '')}`;
  return {
    socketUrl: `${scheme === 'https:' ? 'wss:' : 'ws:'}${base}/ws/v2`,
    adminUrl: `${scheme}${base}/admin/v2`,
    namespacePath: `persistent/${encodeURIComponent(tenant)}/${encodeURIComponent(namespace)}`,
    topicName: encodeURIComponent(name),
    topic: `persistent://${tenant}/${namespace}/${name}`,
    partition: partition === undefined ? undefined : Number(partition),
  };
}

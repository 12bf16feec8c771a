import { useTranslation } from 'react-i18next';
import type { EventSink } from '../../api/operations.ts';
import { webhookOf } from './sinks.ts';

/** A sink as people call it. @param url of its webhook, where it is known */
export function SinkName({ sink, url }: { readonly sink: EventSink; readonly url?: string | undefined }) {
  const { t } = useTranslation('operator');
  const webhook = webhookOf(sink);
  if (webhook !== undefined) return t('events.webhook_name', { name: url ?? webhook });
  if (sink.sink === 'pulsar') return 'Apache Pulsar';
  return sink.sink === 'syslog' ? 'Syslog' : sink.sink;
}

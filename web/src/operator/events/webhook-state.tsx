import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Webhook } from '../../api/operations.ts';

export function WebhookState({ webhook }: { readonly webhook: Webhook }) {
  const { t } = useTranslation('operator');
  const state = stateOf(webhook);
  return (
    <Badge color={COLORS[state]} variant="light" tt="none" size="lg" fw={600}>
      {t(`events.webhook_${state}`)}
    </Badge>
  );
}

const COLORS = { on: 'pine', off: 'gray', dead: 'red', gone: 'red', failing: 'yellow' } as const;

function stateOf({ enabled, disabled_reason: reason, failing_since: failing }: Webhook): keyof typeof COLORS {
  if (enabled) return typeof failing === 'string' ? 'failing' : 'on';
  if (reason === 'gone') return 'gone';
  return reason === 'failing' ? 'dead' : 'off';
}

import { useTranslation } from 'react-i18next';
import type { Contact } from '../../messages/messaging.ts';
import { Button } from '../parts/button.tsx';
import { Notice } from '../parts/notice.tsx';
import styles from './messages.module.css';
import { SafetyNumberText } from './safety-number-text.tsx';

/** What this device knows of somebody's keys: loud where they changed. */
export function ContactNotice({
  contact,
  onTrust,
}: {
  readonly contact: Contact;
  readonly onTrust: (compared: boolean) => void;
}) {
  const { t } = useTranslation('token');
  const name = contact.correspondent.user;
  if (contact.verdict === 'changed') {
    return (
      <Notice kind="danger">
        <strong>{t('messages.changed', { name })}</strong> {t('messages.changed_lead', { name })}
        <SafetyNumberText number={contact.safetyNumber} />
        <span className={styles.actions}>
          <Button look="danger" onClick={() => onTrust(true)}>
            {t('messages.changed_compared')}
          </Button>
        </span>
      </Notice>
    );
  }
  if (contact.compared) return <Notice kind="good">{t('messages.compared', { name })}</Notice>;
  return (
    <Notice kind="info">
      {t(contact.verdict === 'first' ? 'messages.first' : 'messages.same', { name })}
      <SafetyNumberText number={contact.safetyNumber} />
      <span className={styles.actions}>
        <Button look="quiet" onClick={() => onTrust(true)}>
          {t('messages.is_same')}
        </Button>
      </span>
    </Notice>
  );
}

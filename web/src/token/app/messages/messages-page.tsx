import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MailIcon } from '../../../design/icons.tsx';
import { shownTime } from '../../../design/time.ts';
import { useLanguage } from '../../../i18n/texts.ts';
import type { TokenRecord } from '../../device/storage.ts';
import type { KeysState, ListedMessage, Messaging } from '../../messages/messaging.ts';
import { useDevice, useDeviceView } from '../device-context.tsx';
import { Page } from '../page.tsx';
import { Button } from '../parts/button.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import { Heading } from '../parts/heading.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemText } from '../parts/problem-text.tsx';
import { ComposeForm } from './compose-form.tsx';
import styles from './messages.module.css';
import { OpenedMessage } from './opened-message.tsx';

/** Signed and sealed messages of the users whose tokens are here. */
export function MessagesPage() {
  const { t } = useTranslation('token');
  const device = useDevice();
  const { tokens } = useDeviceView();
  const able = tokens.filter(({ status, approvals }) => status === 'active' && approvals);
  const [messaging, setMessaging] = useState<Messaging>();
  const [chosen, setChosen] = useState<string>();
  useEffect(() => {
    void device.messaging().then(setMessaging);
  }, [device]);
  const token = able.find(({ id }) => id === chosen) ?? able[0];
  return (
    <Page>
      <Heading>{t('messages.title')}</Heading>
      {!token && <p>{t('messages.no_token')}</p>}
      {able.length > 1 && (
        <div className={styles.actions}>
          {able.map(({ id, username, label }) => (
            <Button key={id} look={id === token?.id ? 'soft' : 'quiet'} onClick={() => setChosen(id)}>
              {username} · {label}
            </Button>
          ))}
        </div>
      )}
      {token && messaging && <Mailbox key={token.id} token={token} messaging={messaging} />}
    </Page>
  );
}

interface Parts {
  readonly token: TokenRecord;
  readonly messaging: Messaging;
}

function Mailbox({ token, messaging }: Parts) {
  const { t } = useTranslation('token');
  const [keys, setKeys] = useState<KeysState>();
  const [error, setError] = useState<unknown>();
  const look = useCallback(() => {
    setError(undefined);
    messaging.keysState(token).then(setKeys, setError);
  }, [messaging, token]);
  useEffect(look, [look]);
  if (error !== undefined) return <ProblemText error={error} />;
  if (keys === undefined) return <p role="status">{t('messages.opening')}</p>;
  if (keys !== 'in_force') return <SetUp token={token} replaced={keys === 'replaced'} onDone={look} />;
  return <Box token={token} messaging={messaging} />;
}

function SetUp({
  token,
  replaced,
  onDone,
}: {
  readonly token: TokenRecord;
  readonly replaced: boolean;
  readonly onDone: () => void;
}) {
  const { t } = useTranslation('token');
  const device = useDevice();
  return (
    <>
      {replaced && <Notice kind="danger">{t('messages.replaced')}</Notice>}
      <p>{t('messages.set_up_lead')}</p>
      <CredentialForm
        submit={t('messages.set_up')}
        act={(credential) => device.enrolMessages(token, credential)}
        onDone={onDone}
      />
    </>
  );
}

function Box({ token, messaging }: Parts) {
  const { t } = useTranslation('token');
  const [listed, setListed] = useState<readonly ListedMessage[]>();
  const [read, setRead] = useState<readonly ListedMessage[]>([]);
  const [error, setError] = useState<unknown>();
  const [shown, setShown] = useState<ListedMessage>();
  const [writing, setWriting] = useState(false);
  const look = useCallback(() => {
    setError(undefined);
    messaging.inbox(token).then(setListed, setError);
    messaging.inbox(token, true).then(setRead, setError);
  }, [messaging, token]);
  useEffect(look, [look]);
  if (shown) {
    const close = () => {
      setShown(undefined);
      look();
    };
    return <OpenedMessage {...{ token, messaging, listed: shown, onClose: close }} />;
  }
  if (writing) {
    return (
      <>
        <ComposeForm token={token} messaging={messaging} />
        <Button wide onClick={() => setWriting(false)}>
          {t('messages.close')}
        </Button>
      </>
    );
  }
  return (
    <>
      {error !== undefined && <ProblemText error={error} />}
      {listed?.length === 0 && (
        <div className={styles.empty}>
          <MailIcon size={40} />
          <strong>{t('messages.none')}</strong>
        </div>
      )}
      {listed && <List messages={listed} onOpen={setShown} />}
      <div className={styles.actions}>
        <Button look="primary" onClick={() => setWriting(true)}>
          {t('messages.write')}
        </Button>
        <Button onClick={look}>{t('messages.refresh')}</Button>
      </div>
      {read.length > 0 && <h2>{t('messages.read')}</h2>}
      <List messages={read} onOpen={setShown} />
    </>
  );
}

function List({
  messages,
  onOpen,
}: {
  readonly messages: readonly ListedMessage[];
  readonly onOpen: (message: ListedMessage) => void;
}) {
  const language = useLanguage();
  if (messages.length === 0) return null;
  return (
    <ul className={styles.list}>
      {messages.map((message) => (
        <li key={message.id}>
          <button type="button" className={styles.row} onClick={() => onOpen(message)}>
            <strong className={styles.name}>{message.from}</strong>
            <small>{shownTime(message.at, language)}</small>
          </button>
        </li>
      ))}
    </ul>
  );
}

import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { DownloadIcon } from '../../../design/icons.tsx';
import { shownTime } from '../../../design/time.ts';
import { useLanguage } from '../../../i18n/texts.ts';
import type { TokenRecord } from '../../device/storage.ts';
import type { ListedMessage, Messaging, ReadMessage } from '../../messages/messaging.ts';
import { Button } from '../parts/button.tsx';
import { Notice } from '../parts/notice.tsx';
import { ProblemText } from '../parts/problem-text.tsx';
import { ContactNotice } from './contact-notice.tsx';
import styles from './messages.module.css';

type Read = ReadMessage | { readonly kind: 'reading' } | { readonly kind: 'failed'; readonly error: unknown };

/** One message: opened and acknowledged, or why not. */
export function OpenedMessage({
  token,
  messaging,
  listed,
  onClose,
}: {
  readonly token: TokenRecord;
  readonly messaging: Messaging;
  readonly listed: ListedMessage;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('token');
  const [read, setRead] = useState<Read>({ kind: 'reading' });
  const [tries, setTries] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try reads again
  useEffect(() => {
    let gone = false;
    messaging
      .read(token, listed)
      .then((found) => gone || setRead(found))
      .catch((error: unknown) => gone || setRead({ kind: 'failed', error }));
    return () => {
      gone = true;
    };
  }, [messaging, token, listed, tries]);

  return (
    <>
      <h2>{t('messages.of', { name: listed.from })}</h2>
      {read.kind === 'reading' && <p role="status">{t('messages.opening')}</p>}
      {read.kind === 'failed' && <ProblemText error={read.error} />}
      {read.kind === 'unknown_sender' && <Notice kind="danger">{t('messages.unknown_sender')}</Notice>}
      {read.kind === 'problem' && (
        <Notice kind="danger">
          <strong>{t('messages.not_believed')}</strong> {t(`messages.problem.${read.problem}`)}
        </Notice>
      )}
      {read.kind === 'changed' && (
        <ContactNotice
          contact={read.contact}
          onTrust={(compared) =>
            void messaging.trust(token, read.contact, compared).then(() => setTries((count) => count + 1))
          }
        />
      )}
      {read.kind === 'opened' && <Content {...read.message} />}
      <Button wide onClick={onClose}>
        {t('messages.close')}
      </Button>
    </>
  );
}

/** Text is shown, anything else is saved: nothing of a message is run. */
function Content({ claims, content }: Extract<ReadMessage, { kind: 'opened' }>['message']) {
  const { t } = useTranslation('token');
  const language = useLanguage();
  const isText = claims.cty.startsWith('text/plain');
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (isText) return;
    const made = URL.createObjectURL(
      new Blob([new Uint8Array(content)], { type: 'application/octet-stream' }),
    );
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [content, isText]);
  return (
    <>
      <Notice kind="good">
        {t('messages.signed', {
          name: claims.iss,
          time: shownTime(new Date(claims.iat * 1000).toISOString(), language),
        })}
      </Notice>
      {isText ? (
        <pre className={styles.content}>{new TextDecoder().decode(content)}</pre>
      ) : (
        <a href={address} download={`${claims.jti}.bin`}>
          <DownloadIcon /> {t('messages.save', { type: claims.cty })}
        </a>
      )}
    </>
  );
}

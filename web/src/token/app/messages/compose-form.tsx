import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { LIMITS } from '../../../../../src/limits.ts';
import type { TokenRecord } from '../../device/storage.ts';
import type { Contact, Messaging } from '../../messages/messaging.ts';
import { Button } from '../parts/button.tsx';
import fields from '../parts/field.module.css';
import { Field, Labelled } from '../parts/field.tsx';
import form from '../parts/form.module.css';
import { Notice } from '../parts/notice.tsx';
import { ProblemText } from '../parts/problem-text.tsx';
import { ContactNotice } from './contact-notice.tsx';

type State =
  | { readonly kind: 'writing' }
  | { readonly kind: 'unknown' | 'too_long' | 'sent' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Writes to somebody: looks them up, shows what is known of their keys, then seals and sends. */
export function ComposeForm({
  token,
  messaging,
}: {
  readonly token: TokenRecord;
  readonly messaging: Messaging;
}) {
  const { t } = useTranslation('token');
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const [file, setFile] = useState<File>();
  const [contact, setContact] = useState<Contact>();
  const [state, setState] = useState<State>({ kind: 'writing' });
  const [busy, setBusy] = useState(false);

  async function run(act: () => Promise<State>) {
    if (busy) return;
    setBusy(true);
    try {
      setState(await act());
    } catch (error) {
      setState({ kind: 'failed', error });
    } finally {
      setBusy(false);
    }
  }

  const look = () =>
    run(async () => {
      const found = await messaging.contact(token, name.trim());
      setContact(found);
      return { kind: found ? 'writing' : 'unknown' };
    });

  const send = (to: Contact) =>
    run(async () => {
      const bytes = file ? new Uint8Array(await file.arrayBuffer()) : new TextEncoder().encode(text);
      if (bytes.length > LIMITS.messageContentBytesMax) return { kind: 'too_long' };
      await messaging.send(token, [to], { bytes, type: file ? file.type || OCTETS : 'text/plain' });
      setText('');
      setFile(undefined);
      return { kind: 'sent' };
    });

  async function trust(known: Contact, compared: boolean) {
    await messaging.trust(token, known, compared);
    await look();
  }

  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        void (contact ? send(contact) : look());
      }}
    >
      <Field
        label={t('messages.to')}
        hint={t('messages.to_hint')}
        error={state.kind === 'unknown' ? t('messages.to_unknown') : undefined}
        value={name}
        required
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={(event) => {
          setName(event.target.value);
          setContact(undefined);
          setState({ kind: 'writing' });
        }}
      />
      {contact && <ContactNotice contact={contact} onTrust={(compared) => void trust(contact, compared)} />}
      {contact && contact.verdict !== 'changed' && (
        <>
          <Labelled label={t('messages.text')}>
            {(ids) => (
              <textarea
                className={fields.input}
                {...ids}
                value={text}
                disabled={file !== undefined}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Labelled>
          <Labelled
            label={t('messages.file')}
            error={state.kind === 'too_long' ? t('messages.too_long') : undefined}
          >
            {(ids) => (
              <input
                className={fields.input}
                type="file"
                {...ids}
                onChange={(event) => setFile(event.target.files?.[0])}
              />
            )}
          </Labelled>
        </>
      )}
      {state.kind === 'failed' && <ProblemText error={state.error} />}
      {state.kind === 'sent' && <Notice kind="good">{t('messages.sent')}</Notice>}
      {contact?.verdict !== 'changed' && (
        <Button
          look="primary"
          wide
          type="submit"
          disabled={busy || (contact !== undefined && text === '' && !file)}
          aria-busy={busy}
        >
          {contact ? t('messages.send') : t('messages.look')}
        </Button>
      )}
    </form>
  );
}

const OCTETS = 'application/octet-stream';

import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { replaceRoute } from '../../../routing/use-route.ts';
import { readEnrolment } from '../../enrolment/enrolment-code.ts';
import { Button } from '../parts/button.tsx';
import { Field } from '../parts/field.tsx';
import form from '../parts/form.module.css';
import { Notice } from '../parts/notice.tsx';
import { Scanner } from '../parts/scanner.tsx';

export function CodeForm({
  linked,
  onCode,
}: {
  readonly linked: string | undefined;
  readonly onCode: (chosen: { readonly code: string; readonly label: string }) => void;
}) {
  const { t } = useTranslation('token');
  const [text, setText] = useState(linked ?? '');
  const [label, setLabel] = useState<string>(t('enrol.label_default'));
  const [fault, setFault] = useState<'foreign' | 'unreadable'>();
  const [scanning, setScanning] = useState(false);

  // A second link may be opened while the page stands.
  useEffect(() => {
    if (linked !== undefined) setText(linked);
  }, [linked]);

  function read(source: string) {
    const found = readEnrolment(source, location.origin);
    if (typeof found === 'string') setFault(found);
    else {
      // The code must not stay in the address, nor this page give way to another once there is a token.
      replaceRoute('enrol');
      onCode({ code: found.code, label: label.trim() });
    }
  }

  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        read(text);
      }}
    >
      {linked !== undefined && text === linked ? (
        <Notice kind="good">{t('enrol.from_link')}</Notice>
      ) : (
        <>
          <Button wide onClick={() => setScanning(true)}>
            {t('enrol.scan')}
          </Button>
          <Field
            label={t('enrol.code')}
            hint={t('enrol.code_hint')}
            error={fault && t(`enrol.${fault}`)}
            value={text}
            required
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            onChange={(event) => {
              setText(event.target.value);
              setFault(undefined);
            }}
          />
        </>
      )}
      <Field
        label={t('enrol.label')}
        hint={t('enrol.label_hint')}
        value={label}
        maxLength={30}
        autoComplete="off"
        onChange={(event) => setLabel(event.target.value)}
      />
      <Button look="primary" wide type="submit">
        {t('enrol.next')}
      </Button>
      {scanning && (
        <Scanner
          onClose={() => setScanning(false)}
          onText={(found) => {
            setScanning(false);
            setText(found);
            read(found);
          }}
        />
      )}
    </form>
  );
}

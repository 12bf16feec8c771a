import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ColorScheme, chooseColorScheme, useColorScheme } from '../../../design/color-scheme.ts';
import { ChevronRightIcon, PlusIcon } from '../../../design/icons.tsx';
import { useDuration } from '../../../design/use-duration.ts';
import { LANGUAGES } from '../../../i18n/language.ts';
import { chooseLanguage, useLanguage } from '../../../i18n/texts.ts';
import { hashOf } from '../../../routing/hash-route.ts';
import { OFFSET_SHOWN_MS, offsetMs } from '../../server/clock-offset.ts';
import { useDeviceView } from '../device-context.tsx';
import { InstallHint } from '../install/install-hint.tsx';
import { Page } from '../page.tsx';
import { Button } from '../parts/button.tsx';
import { Heading } from '../parts/heading.tsx';
import { Notice } from '../parts/notice.tsx';
import { nameOf } from '../token-name.ts';
import { EraseDialog } from './erase-dialog.tsx';
import { Locks } from './locks-section.tsx';
import { PushSection } from './push-section.tsx';
import { SelfCheck } from './self-check.tsx';
import settings from './settings-page.module.css';

const SCHEMES: readonly ColorScheme[] = ['light', 'dark', 'auto'];

export function SettingsPage() {
  const { t } = useTranslation('token');
  const { t: common } = useTranslation();
  const language = useLanguage();
  const { chosen } = useColorScheme();
  const { tokens } = useDeviceView();
  const [erasing, setErasing] = useState(false);
  return (
    <Page>
      <Heading>{t('settings.title')}</Heading>
      <Choice
        name={t('settings.language')}
        options={LANGUAGES.map((one) => ({ value: one, text: common(`language_${one}`), lang: one }))}
        chosen={language}
        onChoose={(one) => void chooseLanguage(one)}
      />
      <Choice
        name={t('settings.appearance')}
        options={SCHEMES.map((one) => ({ value: one, text: t(`settings.${one}`) }))}
        chosen={chosen}
        onChoose={chooseColorScheme}
      />
      <Section title={t('settings.tokens')}>
        {tokens.map((token) => (
          <a key={token.id} className={settings.link} href={hashOf('tokens', token.id)}>
            <span className="sello-text">{nameOf(token)}</span>
            <ChevronRightIcon />
          </a>
        ))}
        <a className={settings.link} href={hashOf('enrol')}>
          <span>{t('enrol.add')}</span>
          <PlusIcon />
        </a>
      </Section>
      <Section title={t('settings.security')}>
        <Locks />
        <details className={settings.details}>
          <summary>{t('settings.storage')}</summary>
          <p>{t('settings.storage_lead')}</p>
        </details>
      </Section>
      <Section title={t('push.title')}>
        <PushSection />
      </Section>
      <Section title={t('install.title')}>
        <InstallHint place="settings" />
      </Section>
      <Section title={t('settings.clock')}>
        <ClockState />
      </Section>
      <Section title={t('settings.self_check')}>
        <SelfCheck />
      </Section>
      <Button look="danger" wide onClick={() => setErasing(true)}>
        {t('settings.erase')}
      </Button>
      {erasing && (
        <EraseDialog
          title={t('settings.erase_title')}
          lead={t('settings.erase_lead')}
          onClose={() => setErasing(false)}
        />
      )}
    </Page>
  );
}

export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={settings.section}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Choice<Value extends string>({
  name,
  options,
  chosen,
  onChoose,
}: {
  readonly name: string;
  readonly options: readonly { readonly value: Value; readonly text: string; readonly lang?: string }[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}) {
  return (
    <fieldset className={settings.choice}>
      <legend>{name}</legend>
      {options.map(({ value, text, lang }) => (
        <label key={value} lang={lang}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={value === chosen}
            onChange={() => onChoose(value)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

function ClockState() {
  const { t } = useTranslation('token');
  const duration = useDuration();
  const { offset } = useDeviceView();
  if (!offset) return <p>{t('settings.clock_unknown')}</p>;
  const off = Math.abs(offsetMs(offset));
  if (off < OFFSET_SHOWN_MS) return <p>{t('settings.clock_good')}</p>;
  return <Notice kind="warning">{t('settings.clock_off', { time: duration(off) })}</Notice>;
}

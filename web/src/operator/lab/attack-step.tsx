import { Badge } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AttackVerdict } from '../../api/operations.ts';
import { CheckIcon, CrossIcon } from '../../design/icons.tsx';
import { differenceOf } from './difference.ts';
import styles from './lab.module.css';

type Step = AttackVerdict['steps'][number];

/** One step of an attack: the user's message beside the one sent instead, with the differences marked. */
export function AttackStep({ step }: { readonly step: Step }) {
  const { t } = useTranslation('operator');
  const { what, received, journal, expected, held } = step;
  return (
    <li className={styles.step}>
      <div className={styles.stepHead}>
        <h3 className={styles.stepTitle}>{what}</h3>
        <Badge
          color={held ? 'pine' : 'red'}
          variant="light"
          tt="none"
          size="lg"
          fw={600}
          leftSection={held ? <CheckIcon size={13} /> : <CrossIcon size={13} />}
        >
          {t(held ? 'lab.step_held' : 'lab.step_broken')}
        </Badge>
      </div>
      <Messages step={step} />
      <Message name={t('lab.received')} kind={held ? 'refused' : 'broken'}>
        {received}
      </Message>
      {journal !== undefined && (
        <Message name={t('lab.journal')} kind="plain">
          {journal}
        </Message>
      )}
      <p className={styles.expected}>
        {t('lab.expected')}: {expected}
      </p>
    </li>
  );
}

function Messages({ step: { original, sent } }: { readonly step: Step }) {
  const { t } = useTranslation('operator');
  if (original === undefined) {
    return (
      <Message name={t('lab.sent')} kind="plain">
        {sent}
      </Message>
    );
  }
  const { before, after } = differenceOf(original, sent);
  return (
    <div className={styles.pair}>
      <Message name={t('lab.original')} kind="plain">
        {marked(before, (text, at) => (
          <del key={at}>{text}</del>
        ))}
      </Message>
      <Message name={t('lab.changed')} kind="plain">
        {marked(after, (text, at) => (
          <ins key={at}>{text}</ins>
        ))}
      </Message>
    </div>
  );
}

type Stretches = ReturnType<typeof differenceOf>['before'];

/** Marks the changed stretches. The offset of each is its key. */
function marked(stretches: Stretches, mark: (text: string, at: number) => ReactNode): ReactNode {
  let at = 0;
  return stretches.map(({ text, changed }) => {
    const begin = at;
    at += text.length;
    return changed ? mark(text, begin) : <span key={begin}>{text}</span>;
  });
}

function Message({
  name,
  kind,
  children,
}: {
  readonly name: string;
  readonly kind: 'plain' | 'refused' | 'broken';
  readonly children: ReactNode;
}) {
  return (
    <div className={styles.message} data-kind={kind}>
      <p className={styles.messageName}>{name}</p>
      <pre>{children}</pre>
    </div>
  );
}

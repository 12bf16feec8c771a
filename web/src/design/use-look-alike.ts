import { useTranslation } from 'react-i18next';
import { differences } from '../../../src/domain/look-alikes/differences.ts';

/** Characters with their code points: `а U+0430`. */
export function withCodePoints(text: string): string {
  return [...text]
    .map((character) => {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      return `${character} U+${code}`;
    })
    .join(' ');
}

/**
 * Returns a function that words how an account differs from one that it resembles.
 * @param shown the resembled account as it is to be shown
 */
export function useLookAlike(): (account: string, resembled: string, shown?: string) => string {
  const { t } = useTranslation();
  return (account, resembled, shown = resembled) =>
    t('look_alike.payee', {
      known: shown,
      differences: differences(account, resembled)
        .map(({ given, known }) =>
          t('look_alike.difference', { given: withCodePoints(given), known: withCodePoints(known) }),
        )
        .join('; '),
    });
}

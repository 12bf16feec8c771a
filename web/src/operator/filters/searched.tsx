import { useTranslation } from 'react-i18next';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';

/** Says of a search that found nothing whether it has come to the end, or how far it has come. */
export function useNothingFound(hasMore: boolean, searchedTo: string | undefined): string | undefined {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  if (!hasMore) return undefined;
  if (searchedTo === undefined) return t('searched_some');
  return t('searched_to', { time: shownTime(searchedTo, locale) });
}

import { useTranslation } from 'react-i18next';
import { durationOf } from './time.ts';

/** Words for a wait: "42 seconds", "3 minutes". Unit of the argument: ms */
export function useDuration(): (ms: number) => string {
  const { t } = useTranslation();
  return (ms) => {
    const { unit, count } = durationOf(ms);
    return t(`duration.${unit}`, { count });
  };
}

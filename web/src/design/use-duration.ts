import { useTranslation } from 'react-i18next';
import { durationOf } from './time.ts';

/** Returns a function that words a wait (ms): "42 seconds", "3 minutes". */
export function useDuration(): (ms: number) => string {
  const { t } = useTranslation();
  return (ms) => {
    const { unit, count } = durationOf(ms);
    return t(`duration.${unit}`, { count });
  };
}

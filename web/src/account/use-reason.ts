import i18next from 'i18next';
import { useTranslation } from 'react-i18next';

/** Returns the words for a code of the server's error table, or the code itself if there are none. */
export function useReason(): (code: string) => string {
  const { t } = useTranslation('account');
  return (code) => {
    const key = `reasons.${code}`;
    return i18next.exists(key, { ns: 'account' }) ? t(key as 'reasons.locked') : code;
  };
}

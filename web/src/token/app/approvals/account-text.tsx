import { accountGroups, shownParts, shownText } from '../../transaction/shown-text.ts';
import { Spoken } from '../parts/spoken.tsx';
import styles from './account-text.module.css';

/** An account, character by character as it is signed. Groups are set apart by CSS, not by characters. */
export function AccountText({ account }: { readonly account: string }) {
  let at = 0;
  const parts = shownParts(account).map((part) => ({ part, at: at++ }));
  return (
    <>
      <span className={styles.account} aria-hidden="true">
        {parts.map(({ part, at: key }) =>
          part.kind === 'plain' ? (
            <bdi key={key}>
              {accountGroups(part.text).map((group, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the groups of one text never move
                <span key={index} className={styles.group}>
                  {group}
                </span>
              ))}
            </bdi>
          ) : (
            <bdi key={key} className={styles.escaped}>
              {part.glyph}
              <small>{part.code}</small>
            </bdi>
          ),
        )}
      </span>
      <Spoken>{shownText(account)}</Spoken>
    </>
  );
}

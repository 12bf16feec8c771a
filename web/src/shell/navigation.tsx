import { useTranslation } from 'react-i18next';
import { hashOf, type Route } from '../routing/hash-route.ts';
import { useSession } from '../session/session-gate.tsx';
import { type MenuItem, USER_MENU, useOperatorMenu } from './menu.ts';
import styles from './navigation.module.css';

export function Navigation({ route }: { readonly route: Route }) {
  const { t } = useTranslation('shell');
  const { role } = useSession();
  const mine = (item: MenuItem) => item.roles.includes(role);
  const operator = useOperatorMenu().filter(mine);
  return (
    <div>
      {operator.length > 0 && <p className={styles.heading}>{t('navigation.user_side')}</p>}
      <Items items={USER_MENU.filter(mine)} route={route} />
      {operator.length > 0 && (
        <>
          <p className={styles.heading}>{t('navigation.operator_side')}</p>
          <Items items={operator} route={route} />
        </>
      )}
    </div>
  );
}

function Items({ items, route }: { readonly items: readonly MenuItem[]; readonly route: Route }) {
  const { t } = useTranslation('shell');
  const place = placeOf(items, route);
  return (
    <ul className={styles.items}>
      {items.map((item) => {
        const { route: target, text, icon: Icon } = item;
        return (
          <li key={target.join('/')}>
            <a
              className={styles.item}
              href={hashOf(...target)}
              {...(item === place ? { 'aria-current': 'page' as const } : {})}
            >
              <Icon />
              {t(text)}
            </a>
          </li>
        );
      })}
    </ul>
  );
}

/** Finds the menu item of a place: the one with the longest matching prefix. */
function placeOf(items: readonly MenuItem[], route: Route): MenuItem | undefined {
  return items
    .filter(({ route: target }) =>
      target.length === 0 ? route.length === 0 : target.every((part, index) => part === route[index]),
    )
    .sort((a, b) => b.route.length - a.route.length)[0];
}

import { useTranslation } from 'react-i18next';
import { useOperatorNavigation } from '../operator/navigation.ts';
import { hashOf, type Route } from '../routing/hash-route.ts';
import { useSession } from '../session/session-gate.tsx';
import { type NavigationItem, USER_NAVIGATION } from './menu.ts';
import styles from './navigation.module.css';

export function Navigation({ route }: { readonly route: Route }) {
  const { t } = useTranslation('console');
  const { role } = useSession();
  const mine = (item: NavigationItem) => item.roles.includes(role);
  const operator = useOperatorNavigation().filter(mine);
  return (
    <div>
      {operator.length > 0 && <p className={styles.heading}>{t('navigation.user_side')}</p>}
      <Items items={USER_NAVIGATION.filter(mine)} route={route} />
      {operator.length > 0 && (
        <>
          <p className={styles.heading}>{t('navigation.operator_side')}</p>
          <Items items={operator} route={route} />
        </>
      )}
    </div>
  );
}

function Items({ items, route }: { readonly items: readonly NavigationItem[]; readonly route: Route }) {
  const { t } = useTranslation('console');
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

/** The item under which the place is: the longest that it begins with. */
function placeOf(items: readonly NavigationItem[], route: Route): NavigationItem | undefined {
  return items
    .filter(({ route: target }) =>
      target.length === 0 ? route.length === 0 : target.every((part, index) => part === route[index]),
    )
    .sort((a, b) => b.route.length - a.route.length)[0];
}

import { useTranslation } from 'react-i18next';
import { Dialog } from '../../../design/dialog.tsx';
import { useDevice } from '../device-context.tsx';
import { eraseEverywhere } from '../other-tabs.ts';
import { Button } from '../parts/button.tsx';
import styles from '../parts/form.module.css';

export function EraseDialog({
  title,
  lead,
  onClose,
}: {
  readonly title: string;
  readonly lead: string;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('token');
  const device = useDevice();
  return (
    <Dialog look="sheet" title={title} onClose={onClose}>
      <p>{lead}</p>
      <div className={styles.actions}>
        <Button
          look="danger"
          onClick={() => {
            onClose();
            void eraseEverywhere(device);
          }}
        >
          {t('unlock.erase')}
        </Button>
        <Button look="quiet" onClick={onClose}>
          {t('cancel')}
        </Button>
      </div>
    </Dialog>
  );
}

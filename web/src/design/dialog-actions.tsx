import { Group, type GroupProps } from '@mantine/core';
import styles from './dialog.module.css';

/** The buttons at the end of a dialog, the main one last: a row; on a phone a column with the main one first. */
export function DialogActions(props: GroupProps) {
  return <Group justify="flex-end" className={styles.actions ?? ''} {...props} />;
}

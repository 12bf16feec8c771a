import { type Text, text } from '../../language/text.ts';

/** How much a journal holds: `2 entries of 1 user`. */
export function journalSize(entries: number, users: number): Text {
  return text(
    `${counted(entries, 'entry', 'entries')} of ${counted(users, 'user', 'users')}`,
    `${counted(entries, 'entrada', 'entradas')} de ${counted(users, 'usuario', 'usuarios')}`,
  );
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

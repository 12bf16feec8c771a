import type { Texts } from '../i18n/translated.ts';
import type { shellTexts as english } from './texts.en.ts';

export const shellTexts: Texts<typeof english> = {
  navigation: {
    label: 'Menú principal',
    open: 'Abrir el menú',
    home: 'Resumen',
    transactions: 'Transferencias',
    receipts: 'Recibos',
    devices: 'Dispositivos',
    security: 'Seguridad',
    history: 'Historial',
    user_side: 'Mi cuenta',
    operator_side: 'Operación',
    operator: {
      overview: 'Supervisión',
      users: 'Usuarios',
      transactions: 'Todas las transferencias',
      journal: 'Diario',
      services: 'Servicios',
      keys: 'Claves',
      configuration: 'Configuración',
      lab: 'Laboratorio',
    },
  },
  account_menu: {
    menu: 'Cuenta de {{username}}',
    role_user: 'Usuario',
    role_admin: 'Administrador',
    role_auditor: 'Auditor',
    log_out: 'Cerrar sesión',
    leaving: 'Cerrando la sesión…',
  },
  not_found: {
    title: 'Aquí no hay nada',
    text: 'Quizá la dirección esté mal escrita.',
    home: 'Al resumen',
  },
};

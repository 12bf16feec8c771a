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
      log: 'Registro',
      events: 'Eventos',
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
  recovery: {
    title: 'Los administradores van a pasar su cuenta a otro dispositivo',
    asked: 'Lo pidió {{by}}. Si no es lo que usted quiere, cancélelo.',
    ready:
      'Lo pidió {{by}} y está confirmado: se podrá invitar un dispositivo a partir del {{time}}. Si no es lo que usted quiere, cancélelo.',
    cancel: 'Cancelar la recuperación',
  },
};

/** What the server pushes: that a transaction waits, and no more. */
export interface PushedMessage {
  readonly transaction: string;
  readonly language: 'en' | 'es';
}

const ID = /^[0-9A-Za-z_-]{1,64}$/;

/** Reads a pushed message, which anybody who knew the subscription's keys could send. @returns undefined for any other */
export function readPushedMessage(text: string): PushedMessage | undefined {
  try {
    const { v, transaction, language } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (v !== 1 || typeof transaction !== 'string' || !ID.test(transaction)) return undefined;
    return { transaction, language: language === 'es' ? 'es' : 'en' };
  } catch {
    return undefined;
  }
}

/** The words of a notification, which a locked screen shows: neither payee nor amount. */
export const PUSH_TEXTS = {
  en: {
    title: 'A payment waits for you',
    body: 'Open Sello to look at it and to approve or refuse it.',
  },
  es: {
    title: 'Un pago espera su decisión',
    body: 'Abra Sello para verlo y aprobarlo o rechazarlo.',
  },
} as const;

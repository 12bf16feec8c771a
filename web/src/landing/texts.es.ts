import type { Texts } from '../i18n/translated.ts';
import type { landing as english } from './texts.en.ts';

export const landing: Texts<typeof english> = {
  title: 'Sello',
  claim: 'Cada transferencia, con su propio código',
  intro:
    'Un código que vale para este beneficiario y este importe, y para nada más. Quien cambie algo recibe un rechazo.',
  console_title: 'Consola',
  console: 'Regístrese, haga transferencias, guarde recibos y vea qué ha pasado en su cuenta.',
  console_action: 'Abrir la consola',
  token_title: 'Token virtual',
  token: 'En su teléfono: códigos que cambian cada minuto y aprobaciones que muestran lo que firma.',
  token_action: 'Abrir el token',
  steps_title: 'Cómo funciona',
  step_1_title: 'Usted lo pide',
  step_1: 'Escriba beneficiario e importe en la consola, o deje que lo pida un comercio.',
  step_2_title: 'Su token lo muestra',
  step_2:
    'El mismo beneficiario y el mismo importe, en otra pantalla. El código se calcula sobre lo que ve allí.',
  step_3_title: 'Usted tiene la prueba',
  step_3: 'Un recibo firmado que cualquiera puede verificar y un registro que nadie puede reescribir.',
  api: 'API para programadores',
};

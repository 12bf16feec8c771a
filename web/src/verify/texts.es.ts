import type { Texts } from '../i18n/texts.ts';
import type { verify as en } from './texts.en.ts';

export const verify: Texts<typeof en> = {
  title: 'Verificar un recibo',
  intro:
    'Compruebe aquí, sin cuenta, lo que dice un recibo de Sello: quién aprobó qué transferencia, que este servidor lo firmó y que consta en el registro público.',
  receipt: 'Recibo',
  receipt_about: 'Tres partes separadas por puntos, tal como lo descarga la consola.',
  proof: 'Tengo un fichero de prueba',
  proof_about: 'Empieza por c2sp.org/tlog-proof@v1. Si no lo tiene, se pide a este servidor.',
  file: 'Desde un fichero',
  check: 'Verificar',
  approved_title: 'Lo que se aprobó',
  by: 'Aprobado por',
  genuine:
    'La firma corresponde a la clave «{{key}}» que publica este servidor. Nada del recibo se ha cambiado.',
  proof_title: 'Consta en el registro',
  proof_valid:
    'La decisión es la entrada {{index}} del registro {{origin}}, bajo un punto de control firmado sobre {{size}} entradas. No se puede quitar ni cambiar sin que se note.',
  proof_witnesses:
    'El punto de control lleva además firmas de testigos, que esta página no verifica: {{names}}.',
  keep_proof: 'Guardar la prueba junto al recibo',
  no_proof_title: 'Sin comprobar en el registro',
  no_proof_not_yet: 'La decisión aún no está sellada. Tarda cerca de un segundo: verifique otra vez.',
  no_proof_not_shown: 'El registro de este servidor no es público. Pegue un fichero de prueba.',
  no_proof_elsewhere: 'Este servidor no da prueba de este recibo. Si tiene un fichero de prueba, péguelo.',
  proof_false_title: 'La prueba no vale',
  proof_false_proof_form: 'No es un fichero de prueba con la forma c2sp.org/tlog-proof@v1.',
  proof_false_inclusion:
    'No es una prueba de este recibo: la entrada que nombra el recibo no está en ese árbol.',
  proof_false_form: 'El punto de control de la prueba está dañado.',
  proof_false_key_form: 'No se puede leer la clave de verificación del registro de este servidor.',
  proof_false_origin: 'El punto de control es de otro registro, no del de este servidor.',
  proof_false_unsigned: 'El punto de control no está firmado por el registro de este servidor.',
  proof_false_signature: 'El punto de control se ha cambiado: su firma no corresponde.',
  limits_title: 'Lo que esto no demuestra',
  limit_server:
    'Que este servidor sea el que usted cree: las claves y el registro son suyos. Compare la dirección, o la clave con una copia obtenida por otra vía.',
  limit_money: 'Que el dinero se moviera: un recibo dice lo que se aprobó, no lo que hizo después un banco.',
  limit_tools:
    'Para comprobarlo sin fiarse de esta página: guarde recibo y prueba, y use herramientas de otros. La documentación nombra algunas.',
};

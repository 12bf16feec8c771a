import Type from 'typebox';
import { makeBackup } from '../backup-folder.ts';
import { operation } from './operation.ts';

export const backup = operation(
  Type.Object({ folder: Type.String({ pattern: '^/' }) }, { additionalProperties: false }),
  ({ application }, { folder }) => makeBackup(application, folder),
);

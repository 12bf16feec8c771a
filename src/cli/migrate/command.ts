import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { examples } from '../shell/examples.ts';
import type { Shell } from '../shell/shell.ts';

export function define(command: Command, shell: Shell): void {
  command
    .addHelpText(
      'after',
      examples(
        shell,
        'sello migrate --store-url postgres://sello@db1,db2/sello',
        'sello migrate --finish --store-url postgres://sello@db1,db2/sello',
        'sello migrate --distribute --store-url postgres://sello@coordinator/sello',
        'sello migrate --store-owner-url postgres://sello_owner@db1/sello --store-url postgres://sello@db1/sello',
      ),
    )
    .option(
      '--finish',
      shell.say(
        text(
          'when no server of a version before runs any more: take what they needed out of the tables, and refuse them',
          'cuando ya no funciona ningún servidor de una versión anterior: quitar de las tablas lo que necesitaban, y rechazarlos',
        ),
      ),
    )
    .option(
      '--distribute',
      shell.say(
        text(
          "distribute the users' rows over the nodes of Citus; no server may run meanwhile",
          'distribuir las filas de los usuarios entre los nodos de Citus; entretanto no puede funcionar ningún servidor',
        ),
      ),
    )
    .action(async ({ finish = false, distribute = false }: { finish?: boolean; distribute?: boolean }) => {
      const config = shell.config();
      const { migrateStore } = await import('../../compose.ts');
      const { name, from, to, serverRole, finished, distributed } = await migrateStore(config, {
        finish,
        distribute,
      });
      const shards = distributed && { ...distributed };
      shell.result(
        {
          database: name,
          from,
          to,
          server_role: serverRole ?? null,
          finished,
          ...(shards ? { distributed: shards } : {}),
        },
        () => [
          from === to
            ? shell.say(
                text(
                  `${name}: the tables have version ${to} already`,
                  `${name}: las tablas ya tienen la versión ${to}`,
                ),
              )
            : shell.say(
                text(
                  `${name}: tables brought from version ${from} to ${to}`,
                  `${name}: tablas llevadas de la versión ${from} a la ${to}`,
                ),
              ),
          ...(distributed === undefined
            ? []
            : [
                shell.say(
                  distributed.already
                    ? text(
                        `the users' rows are distributed already: ${distributed.shards} shards, ${distributed.nodes} nodes`,
                        `las filas de los usuarios ya están distribuidas: ${distributed.shards} fragmentos, ${distributed.nodes} nodos`,
                      )
                    : text(
                        `the users' rows are in ${distributed.shards} shards on ${distributed.nodes} nodes now`,
                        `las filas de los usuarios están ahora en ${distributed.shards} fragmentos en ${distributed.nodes} nodos`,
                      ),
                ),
              ]),
          ...(finished
            ? []
            : [
                shell.say(
                  text(
                    'servers of the version before work on; when none runs any more: sello migrate --finish',
                    'los servidores de la versión anterior siguen funcionando; cuando ya no funcione ninguno: sello migrate --finish',
                  ),
                ),
              ]),
          ...(serverRole === undefined
            ? []
            : [
                shell.say(
                  text(
                    `${serverRole} has a server's rights: it can add to the journal, and change or delete nothing in it`,
                    `${serverRole} tiene los permisos de un servidor: puede añadir al diario, y no cambiar ni borrar nada en él`,
                  ),
                ),
              ]),
        ],
      );
    });
}

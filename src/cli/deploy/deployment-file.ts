import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../operator/make-folder.ts';
import type { Shell } from '../shell/shell.ts';

/** A file of a deployment. */
export interface DeploymentFile {
  readonly name: string;
  readonly content: string;
}

/** Writes the files to `out`, or prints them; several are printed under their names. */
export async function writeOrPrint(
  shell: Shell,
  files: readonly DeploymentFile[],
  out: { readonly file: string } | { readonly folder: string } | undefined,
): Promise<void> {
  if (out === undefined) {
    shell.result({ files }, () =>
      files.flatMap(({ name, content }) => [
        ...(files.length > 1 ? [`# ${name}`] : []),
        content.replace(/\n$/, ''),
        ...(files.length > 1 ? [''] : []),
      ]),
    );
    return;
  }
  const paths: string[] = [];
  for (const { name, content } of files) {
    const path = 'file' in out ? out.file : join(out.folder, name);
    await makeFolder(dirname(path), 0o755);
    await writeFile(path, content);
    paths.push(path);
  }
  shell.result({ written: paths }, () => paths);
}

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Shell } from '../shell/shell.ts';

/** A file that is made: its name, what is in it. */
export interface DeploymentFile {
  readonly name: string;
  readonly content: string;
}

/** Into a file or a folder where one is named; else printed, several with their names. */
export async function give(
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
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    paths.push(path);
  }
  shell.result({ written: paths }, () => paths);
}

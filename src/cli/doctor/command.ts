import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { configWarnings } from '../../config/warnings.ts';
import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import { runningStatus } from '../../operator/running-server.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import type { Shell } from '../shell/shell.ts';
import { checkCertificate, checkPassphraseFile, checkPermissions, checkVaultCertificate } from './files.ts';
import { type Finding, ok, warn } from './finding.ts';
import { checkHsm } from './hsm.ts';
import { checkClock, checkDescriptors, checkDisk, checkNode } from './machine.ts';
import { checkParts, checkPort } from './parts.ts';

export function define(command: Command, shell: Shell): void {
  command
    .addHelpText('after', examples(shell, 'sello doctor', 'sello doctor --data-dir /var/lib/sello --json'))
    .action(async () => {
      const { config, file } = shell.loaded();
      const where = file ?? shell.say(text('no file', 'sin fichero'));
      const findings = [ok('configuration', text(where, where)), ...(await examine(config))];
      const healthy = findings.every(({ level }) => level !== 'fail');
      if (!healthy) shell.exitCode = EXIT.refused;
      shell.result({ healthy, checks: findings.map((finding) => asJson(shell, finding)) }, () =>
        findings.flatMap((finding) => asLines(shell, finding)),
      );
    });
}

async function examine(config: Config): Promise<readonly Finding[]> {
  const status = await runningStatus(config);
  const there = existsSync(config.dataDir);
  const findings = [
    checkNode(),
    // The servers check the vault's process when they use it; here only its files can be checked.
    ...(config.role === 'vault' ? [] : await checkParts(config, status)),
    ...(await checkHsm(config)),
    ...(there ? await checkPermissions(config) : []),
    await checkPassphraseFile(config),
    config.role === 'vault' ? undefined : await checkPort(config, status),
    await checkCertificate(config),
    await checkVaultCertificate(config),
    await checkClock(config),
    await checkDisk(config),
    await checkDescriptors(status?.pid),
    ...configWarnings(config).map(({ key, text: warning }) => warn('configuration', text(key, key), warning)),
  ];
  return findings.filter((finding) => finding !== undefined);
}

function asJson(shell: Shell, { check, level, found, mend }: Finding) {
  return { check, level, found: shell.say(found), ...(mend ? { mend: shell.say(mend) } : {}) };
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

function asLines(shell: Shell, { check, level, found, mend }: Finding): string[] {
  const line = `${MARKS[level]}  ${check.padEnd(14)} ${shell.say(found)}`;
  return mend ? [line, `${' '.repeat(21)}→ ${shell.say(mend)}`] : [line];
}

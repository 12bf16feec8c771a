/** One instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  readonly name: string;
  /** `--from=build` → `{from: 'build'}`. */
  readonly flags: Readonly<Record<string, string>>;
  readonly rest: string;
}

export interface Stage {
  readonly base: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

const KNOWN = new Set([
  ...['FROM', 'RUN', 'COPY', 'ENV', 'WORKDIR', 'USER', 'VOLUME', 'EXPOSE', 'STOPSIGNAL', 'HEALTHCHECK'],
  ...['ENTRYPOINT', 'CMD'],
]);

/** Reads a Dockerfile. @throws Error at an instruction that the builder beside this does not know */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  for (const line of lines) {
    const [, name = '', given = ''] = /^\s*(\S+)\s+(.*?)\s*$/.exec(line) ?? [];
    if (!KNOWN.has(name)) throw new Error(`unknown instruction: ${line}`);
    if (name === 'FROM') {
      const [, base = '', stage] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(given) ?? [];
      if (base === '') throw new Error(`unknown form: ${line}`);
      stages.push({ base, name: stage, instructions: [] });
      continue;
    }
    const flags: Record<string, string> = {};
    let rest = given;
    for (let flag = /^--([a-z-]+)=(\S+)\s+/.exec(rest); flag; flag = /^--([a-z-]+)=(\S+)\s+/.exec(rest)) {
      flags[flag[1] ?? ''] = flag[2] ?? '';
      rest = rest.slice(flag[0].length);
    }
    const stage = stages.at(-1);
    if (!stage) throw new Error(`before FROM: ${line}`);
    stage.instructions.push({ name, flags, rest: rest.trim() });
  }
  return stages;
}

/** How an image is run. */
export interface ImageSettings {
  readonly environment: Record<string, string>;
  workdir: string;
  user: string;
  entrypoint: readonly string[];
  command: readonly string[];
  healthcheck: readonly string[];
  readonly volumes: string[];
}

export function newSettings(): ImageSettings {
  return {
    environment: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    workdir: '/',
    user: '0',
    entrypoint: [],
    command: [],
    healthcheck: [],
    volumes: [],
  };
}

/** Applies an instruction that changes no file. @returns whether it was one */
export function applySetting(settings: ImageSettings, { name, rest }: Instruction): boolean {
  switch (name) {
    case 'ENV':
      for (const [, key = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) settings.environment[key] = value;
      return true;
    case 'WORKDIR':
      settings.workdir = rest;
      return true;
    case 'USER':
      settings.user = rest;
      return true;
    case 'ENTRYPOINT':
      settings.entrypoint = JSON.parse(rest);
      return true;
    case 'CMD':
      settings.command = JSON.parse(rest);
      return true;
    case 'HEALTHCHECK':
      settings.healthcheck = JSON.parse(rest.replace(/^CMD\s+/, ''));
      return true;
    case 'VOLUME':
      settings.volumes.push(...(JSON.parse(rest) as string[]));
      return true;
    case 'EXPOSE':
    case 'STOPSIGNAL':
      return true;
    default:
      return false;
  }
}

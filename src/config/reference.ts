import { CONFIG_KEYS, OTHER_VARIABLES } from './keys.ts';
import { expectedOf } from './values.ts';

function shown(value: unknown): string {
  if (value === null) return '`null`';
  return `\`${typeof value === 'string' && value !== '' ? value : JSON.stringify(value)}\``;
}

/** Escapes a cell of a Markdown table: `|` would end it. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** The text of `docs/configuration.md`, generated from the schema. */
export function configurationReference(): string {
  const rows = CONFIG_KEYS.map(({ key, variable, flag, schema }) => {
    const secret = schema.secret ? ' Never printed.' : '';
    const cells = [
      `\`${key}\``,
      shown(schema.default),
      expectedOf(schema),
      `\`${variable}\``,
      `\`${flag}\``,
      `${schema.description}${secret}`,
    ];
    return `| ${cells.map(cell).join(' | ')} |`;
  });
  const others = Object.entries(OTHER_VARIABLES).map(([name, meaning]) => `- \`${name}\`: ${meaning}`);
  return `${HEAD}
| key | default | expected | environment | flag | meaning |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

Further variables:

${others.join('\n')}

${TAIL}`;
}

const HEAD = `# Configuration

<!-- Made from src/config/schema.ts by scripts/configuration-reference.ts: change it there. -->

Each key can be set in a YAML file (\`--config FILE\`), in the environment and by a flag. A flag wins over the environment,
the environment over the file, the file over the default. \`sello config\` prints what is in force and where each value
came from; secrets are left out. The file nests groups, as in
[\`deploy/sello.example.yaml\`](../deploy/sello.example.yaml); the environment and flags join their names.

An unknown or bad key stops the start: the message names the key, where it came from, what was expected and the
nearest known key. So does an environment variable that begins with \`SELLO_\` and is none of these.

A list or a group as the value of a flag or a variable is written in JSON:
\`--policy-rules '[{"require":["bound_code"]}]'\`. A boolean flag stands alone or takes a value: \`--registration-open\`,
\`--registration-open false\`, \`--no-registration-open\`. Relative paths start at the folder the program runs in. Times are
in milliseconds.
`;

const TAIL = `## What does not go together

- \`lockout.lock_ms\` is at most \`lockout.lock_ms_max\`.
- \`keys.challenge_ttl_ms\` is at most 1,000 times \`keys.rotation_ms\`.
- \`tls_cert_file\` and \`tls_key_file\` are given together.
- An address of \`tcp_host\` that is not loopback needs TLS, or \`tcp_plaintext_allowed: true\`.
- \`vault_passphrase\` and \`vault_passphrase_file\` exclude each other. A flag or a variable can be read by other programs
  of the same user: prefer the file.
- \`rate_limit_ca_file\` is for a \`rediss://\` address of \`rate_limit_url\`.
- \`tcp_port\` and \`http_port\` on one address are two ports.
- \`amount_max\` of a rule has no more decimals than each \`currency\` that the rule names.
- \`policy.velocity\` names \`count_max\`, \`amount_max\` or both.
`;

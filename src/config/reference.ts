import { CONFIG_KEYS, fileKeyOf, OTHER_VARIABLES } from './keys.ts';
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
  const rows = CONFIG_KEYS.map((each) => {
    const { key, variable, flag, schema } = each;
    const secret = schema.secret ? ' Never printed.' : '';
    const cells = [
      `\`${key}\``,
      shown(schema.default),
      expectedOf(schema),
      `\`${variable}\``,
      fileKeyOf(each) ? 'none' : `\`${flag}\``,
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

Set a key in a YAML file (\`--config FILE\`), in the environment or by a flag. A flag wins over the environment,
the environment over the file, the file over the default. \`sello config\` prints the configuration in force and where
each value came from, without secrets. The file nests groups, as in
[\`deploy/sello.example.yaml\`](../deploy/sello.example.yaml); variables and flags join the names of group and key.

A server refuses to start on an unknown key or an invalid value: the message names the key, its origin, what was
expected and the nearest known key. It also refuses any environment variable that begins with \`SELLO_\` and is not
listed here, but ignores those that Kubernetes sets for a Service called \`sello\` or \`sello-…\`.

In a flag or a variable, write a list or a group as JSON: \`--policy-rules '[{"require":["bound_code"]}]'\`. A boolean
flag stands alone or takes a value: \`--registration-open\`, \`--registration-open false\`,
\`--no-registration-open\`. Relative paths start at the program's working directory. Times are in milliseconds.
`;

const TAIL = `## Rules across keys

- \`lockout.lock_ms\` is at most \`lockout.lock_ms_max\`.
- \`keys.challenge_ttl_ms\` is at most 1,000 times \`keys.rotation_ms\`.
- Set \`tls_cert_file\` and \`tls_key_file\` together or not at all.
- A \`tcp_host\` that is not loopback needs TLS, or \`tcp_plaintext_allowed: true\`.
- Set \`vault_passphrase\` or \`vault_passphrase_file\`, not both. Prefer the file: other programs of the same user can
  read flags and variables.
- \`rate_limit_ca_file\` requires a \`rediss://\` address in \`rate_limit_url\`.
- \`tcp_port\` and \`http_port\` must differ on one address.
- A rule's \`amount_max\` has no more decimals than each \`currency\` that the rule names.
- \`policy.velocity\` sets \`count_max\`, \`amount_max\` or both.
`;

import type { CompletionNode } from './nodes.ts';

/** Flags that take a file or folder. */
const PATH_FLAGS =
  '--config|--data-dir|--tls-cert-file|--tls-key-file|--vault-passphrase-file|--new-passphrase-file|--folder';

function cases(nodes: readonly CompletionNode[], assign: (node: CompletionNode) => string): string {
  return nodes.map((node) => `    '${node.words}') ${assign(node)} ;;`).join('\n');
}

/** Finds the command by the words of the line that are not flags: `user create`. */
export function bashScript(nodes: readonly CompletionNode[]): string {
  return `# bash completion of sello
_sello() {
  local current previous words='' word commands='' flags='' index
  current=\${COMP_WORDS[COMP_CWORD]}
  previous=\${COMP_WORDS[COMP_CWORD-1]}
  case $previous in
    ${PATH_FLAGS}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case "\${words:+$words }$word" in
${nodes
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      '${words}') words='${words}' ;;`)
  .join('\n')}
    esac
  done
  case $words in
${cases(nodes, ({ commands, flags }) => `commands='${commands.join(' ')}'; flags='${flags.join(' ')}'`)}
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$commands" -- "$current")) ;;
  esac
}
complete -F _sello sello`;
}

export function zshScript(nodes: readonly CompletionNode[]): string {
  return `#compdef sello
# zsh completion of sello
_sello() {
  local words_seen='' word index
  local -a offered flags
  case \${words[CURRENT-1]} in
    ${PATH_FLAGS}) _files; return ;;
  esac
  for ((index = 2; index < CURRENT; index++)); do
    word=\${words[index]}
    case "\${words_seen:+$words_seen }$word" in
${nodes
  .filter(({ words }) => words !== '')
  .map(({ words }) => `      '${words}') words_seen='${words}' ;;`)
  .join('\n')}
    esac
  done
  case $words_seen in
${cases(nodes, ({ commands, flags }) => `offered=(${commands.join(' ')}); flags=(${flags.join(' ')})`)}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    compadd -- $flags
  else
    compadd -- $offered
  fi
}
if [[ \${funcstack[1]} == _sello ]]; then _sello "$@"; else compdef _sello sello; fi`;
}

export function fishScript(nodes: readonly CompletionNode[]): string {
  const lines = nodes.flatMap(({ words, commands, flags }) => {
    const when = `-n '__sello_at "${words}"'`;
    return [
      ...(commands.length > 0 ? [`complete -c sello -f ${when} -a '${commands.join(' ')}'`] : []),
      ...flags.map((flag) => `complete -c sello ${when} -l ${flag.slice(2)}`),
    ];
  });
  return `# fish completion of sello
function __sello_at
  set -l seen ''
  for word in (commandline -opc)[2..-1]
    set -l longer (string trim -- "$seen $word")
    if contains -- "$longer" ${nodes
      .filter(({ words }) => words !== '')
      .map(({ words }) => `'${words}'`)
      .join(' ')}
      set seen $longer
    end
  end
  test "$seen" = "$argv[1]"
end
${lines.join('\n')}`;
}

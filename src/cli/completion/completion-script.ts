/** Completion scripts, written from the tree of commands: they know every name without starting the program. */
import type { CommandWords, OptionWords } from './command-words.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, commands: readonly CommandWords[]): string {
  const write = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
  return write(commands);
}

const keyOf = (path: readonly string[]): string => path.join(' ');

/** Cases of a shell's `case` over `path option`, for options whose values are known. */
function valueCases(commands: readonly CommandWords[], answer: (values: string) => string): string {
  const cases: string[] = [];
  for (const { options, path } of commands) {
    for (const { flags, values } of options) {
      if (values.length === 0) continue;
      const patterns = flags.map((flag) => quote(`${keyOf(path)}:${flag}`)).join('|');
      cases.push(`    ${patterns}) ${answer(values.join(' '))} ;;`);
    }
  }
  return cases.join('\n');
}

/** Cases over `path:flag` for options that take a file, or a value nobody can guess. */
function flagPatterns(
  commands: readonly CommandWords[],
  isWanted: (option: OptionWords) => boolean,
): string {
  const patterns = commands.flatMap(({ options, path }) =>
    options
      .filter(isWanted)
      .flatMap(({ flags }) => flags.map((flag) => quote(`${keyOf(path)}:${flag}`))),
  );
  return patterns.join('|');
}

const isFile = (option: OptionWords): boolean => option.isPath;
const isFree = (option: OptionWords): boolean =>
  option.takesValue && !option.isPath && option.values.length === 0;

function wordCases(commands: readonly CommandWords[], answer: (words: string) => string): string {
  return commands
    .map(({ commands: children, options, path }) => {
      const words = [
        ...children.map(({ name }) => name),
        ...options.flatMap(({ flags }) => flags.filter((flag) => flag.startsWith('--'))),
      ];
      return `    ${quote(keyOf(path))}) ${answer(words.join(' '))} ;;`;
    })
    .join('\n');
}

/** Commands whose words are files, unless an option is begun. */
function filePatterns(commands: readonly CommandWords[]): string {
  return commands
    .filter(({ takesFiles }) => takesFiles)
    .map(({ path }) => quote(keyOf(path)))
    .join('|');
}

function pathPatterns(commands: readonly CommandWords[]): string {
  return commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(keyOf(path)))
    .join('|');
}

function bashScript(commands: readonly CommandWords[]): string {
  return `# bash completion of uqo: eval "$(uqo completion bash)"
_uqo() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" next word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    next="\${path:+$path }$word"
    case "$next" in ${pathPatterns(commands)}) path="$next" ;; esac
  done
  COMPREPLY=()
  case "$path:$previous" in
${valueCases(commands, (values) => `COMPREPLY=($(compgen -W ${quote(values)} -- "$current")); return`)}
    ${flagPatterns(commands, isFile)}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${flagPatterns(commands, isFree)}) return ;;
  esac
  case "$path" in
    ${filePatterns(commands)}) [[ "$current" == -* ]] || { COMPREPLY=($(compgen -f -- "$current")); return; } ;;
  esac
  case "$path" in
${wordCases(commands, (words) => `COMPREPLY=($(compgen -W ${quote(words)} -- "$current"))`)}
  esac
}
complete -F _uqo uqo
`;
}

function zshScript(commands: readonly CommandWords[]): string {
  return `#compdef uqo
# zsh completion of uqo: eval "$(uqo completion zsh)"
_uqo() {
  local previous="\${words[CURRENT-1]}" path_="" next word i
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    next="\${path_:+$path_ }$word"
    case "$next" in ${pathPatterns(commands)}) path_="$next" ;; esac
  done
  case "$path_:$previous" in
${valueCases(commands, (values) => `compadd -- ${values}; return`)}
    ${flagPatterns(commands, isFile)}) _files; return ;;
    ${flagPatterns(commands, isFree)}) return ;;
  esac
  case "$path_" in
    ${filePatterns(commands)}) [[ "\${words[CURRENT]}" == -* ]] || { _files; return; } ;;
  esac
  case "$path_" in
${wordCases(commands, (words) => `compadd -- ${words}`)}
  esac
}
if [ "$funcstack[1]" = "_uqo" ]; then _uqo "$@"; else compdef _uqo uqo; fi
`;
}

function fishScript(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ commands: children, options, path, takesFiles }) => {
    const at = `complete -c uqo -n ${quote(`__uqo_at ${path.join(' ')}`.trim())}`;
    return [
      ...(takesFiles ? [`${at} -F`] : []),
      ...children.map(({ description, name }) => `${at} -a ${name} -d ${quote(description)}`),
      ...options.map((option) => `${at} ${fishOption(option)} -d ${quote(option.description)}`),
    ];
  });
  const paths = commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(keyOf(path)));
  return `# fish completion of uqo: uqo completion fish | source
function __uqo_at
  set -l path
  for word in (commandline -opc)[2..-1]
    set -l next (string join ' ' $path $word)
    if contains -- "$next" ${paths.join(' ')}
      set path $path $word
    end
  end
  test "$path" = "$argv"
end
complete -c uqo -f
${lines.join('\n')}
`;
}

function fishOption({ flags, isPath, takesValue, values }: OptionWords): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  if (values.length > 0) names.push(`-x -a ${quote(values.join(' '))}`);
  else if (isPath) names.push('-r -F');
  else if (takesValue) names.push('-x');
  return names.join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * completion.ts: `isotherm completion SHELL`: what a shell completes, made of the commands themselves.
 *
 * One description of the tree, and three scripts from it: a list of what may follow at each command, what each option takes,
 * and files where a path is wanted. Nothing runs while a person types but the shell's own code.
 */
import { Argument, Command } from "commander";
import { catalogue } from "../d-scripts/catalogue.ts";

const EXAMPLES = `Examples:
  isotherm completion bash > /etc/bash_completion.d/isotherm
  isotherm completion zsh > "\${fpath[1]}/_isotherm"
  isotherm completion fish > ~/.config/fish/completions/isotherm.fish
  source <(isotherm completion bash)          for this shell only
`;

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function completionCommand(): Command {
  return new Command("completion")
    .description("print what a shell needs to complete commands, options and metrics")
    .addArgument(new Argument("<shell>", "for which shell").choices(SHELLS))
    .addHelpText("before", EXAMPLES)
    .action(function (this: Command, shell: Shell) {
      const { parent } = this;
      if (parent !== null) this.configureOutput().writeOut?.(completionScript(parent, shell));
    });
}

interface Word {
  readonly word: string;
  readonly text: string;
}

/** What may follow at one place of the tree. */
interface Place {
  /** `isotherm host add` */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
  /** Options with a value: its words; none: a file, or anything. */
  readonly values: readonly {
    readonly names: readonly string[];
    readonly words: readonly string[];
    readonly isFile: boolean;
  }[];
  readonly words: readonly string[];
  readonly takesFiles: boolean;
}

export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, program.name());
  switch (shell) {
    case "bash":
      return bashScript(program.name(), places);
    case "zsh":
      return zshScript(program.name(), places);
    case "fish":
      return fishScript(program.name(), places);
  }
}

function placesOf(command: Command, path: string): Place[] {
  const options = command.options.filter(({ hidden }) => !hidden);
  const argument = command.registeredArguments[0];
  const own: Place = {
    path,
    commands: command.commands.map((each) => ({ word: each.name(), text: each.description() })),
    options: [
      ...options.map(({ long, short, description }) => ({ word: long ?? short ?? "", text: description })),
      { word: "--help", text: "display help for command" },
    ],
    values: options
      .filter(({ required, optional }) => required || optional)
      .map(({ long, short, argChoices, flags }) => ({
        names: [long, short].filter((each) => each !== undefined),
        words: argChoices ?? [],
        isFile: /<(file|dir|path|folder)/.test(flags),
      })),
    words: argument?.argChoices ?? (/^(metric|what)$/.test(argument?.name() ?? "") ? [...catalogue.keys()] : []),
    takesFiles: /^(file|dir|from|to|target|source|backup)/.test(argument?.name() ?? ""),
  };
  return [own, ...command.commands.flatMap((each) => placesOf(each, `${path} ${each.name()}`))];
}

function bashScript(name: string, places: readonly Place[]): string {
  const options = places.flatMap(({ path, values }) =>
    values.map(({ names, words, isFile }) => {
      const keys = names.map((each) => `"${path}:${each}"`).join("|");
      const reply =
        words.length > 0
          ? `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$cur"))`
          : isFile
            ? 'COMPREPLY=($(compgen -f -- "$cur"))'
            : "COMPREPLY=()";
      return `    ${keys}) ${reply}; return ;;`;
    }),
  );
  const lists = places.map(({ path, commands, words, options: own, takesFiles }) => {
    const plain = [...commands.map(({ word }) => word), ...words].join(" ");
    return `    "${path}") words="${plain}" options="${own.map(({ word }) => word).join(" ")}" files=${takesFiles ? 1 : 0} ;;`;
  });
  return `# bash completion of ${name}; made by: ${name} completion bash
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at=${name} words='' options='' files=0 i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${inner(places)
        .map((path) => `"${path}"`)
        .join("|")}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at:$prev" in
${options.join("\n")}
  esac
  case "$at" in
${lists.join("\n")}
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$cur"))
       [ "$files" = 0 ] || COMPREPLY+=($(compgen -f -- "$cur")) ;;
  esac
}
complete -F _${name} ${name}
`;
}

function zshScript(name: string, places: readonly Place[]): string {
  const options = places.flatMap(({ path, values }) =>
    values.map(({ names, words, isFile }) => {
      const keys = names.map((each) => `"${path}:${each}"`).join("|");
      return `    (${keys}) ${words.length > 0 ? `compadd -- ${words.join(" ")}` : isFile ? "_files" : "_message value"}; return ;;`;
    }),
  );
  const described = (each: readonly Word[]): string =>
    each.map(({ word, text }) => quote(`${word.replaceAll(":", "\\:")}:${firstLine(text)}`)).join(" ");
  const lists = places.map(({ path, commands, words, options: own, takesFiles }) => {
    const all = [...commands, ...words.map((word) => ({ word, text: "metric" }))];
    return `    ("${path}") words_=(${described(all)}) options_=(${described(own)}) files_=${takesFiles ? 1 : 0} ;;`;
  });
  return `#compdef ${name}
# zsh completion of ${name}; made by: ${name} completion zsh
_${name}() {
  local at=${name} word files_=0
  local -a words_ options_
  for word in \${words[2,CURRENT-1]}; do
    case "$at $word" in
      (${inner(places)
        .map((path) => `"${path}"`)
        .join("|")}) at="$at $word" ;;
    esac
  done
  case "$at:\${words[CURRENT-1]}" in
${options.join("\n")}
  esac
  case "$at" in
${lists.join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe option options_
  else
    _describe command words_
    (( files_ )) && _files
  fi
}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function fishScript(name: string, places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options, values, words, takesFiles }) => {
    const when = `-n ${quote(`__${name}_at ${path}`)}`;
    const valueOf = (option: string): string => {
      const value = values.find(({ names }) => names.includes(option));
      if (value === undefined) return "";
      return value.words.length > 0 ? ` -x -a ${quote(value.words.join(" "))}` : value.isFile ? " -r -F" : " -x";
    };
    return [
      ...commands.map(({ word, text }) => `complete -c ${name} ${when} -f -a ${word} -d ${quote(firstLine(text))}`),
      ...words.map((word) => `complete -c ${name} ${when} -f -a ${word}`),
      ...options.map(
        ({ word, text }) =>
          `complete -c ${name} ${when} -l ${word.replace(/^--/, "")}${valueOf(word)} -d ${quote(firstLine(text))}`,
      ),
      ...(takesFiles ? [`complete -c ${name} ${when} -F`] : []),
    ];
  });
  return `# fish completion of ${name}; made by: ${name} completion fish
function __${name}_at
  set -l at ${name}
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${inner(places).map(quote).join(" ")}
        set at "$at $word"
    end
  end
  test "$at" = "$argv"
end
complete -c ${name} -f
${lines.join("\n")}
`;
}

function inner(places: readonly Place[]): string[] {
  return places.slice(1).map(({ path }) => path);
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
